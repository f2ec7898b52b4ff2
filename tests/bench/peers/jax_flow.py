# SPDX-License-Identifier: MIT
"""A flow of tests/bench/*.yaml in JAX: training step with Adam, sampling with log q, one sample. Each in several ways; the best
counts. Usage: taskset -c 0 python3 jax_flow.py realnvp8 RESULTS"""
import flows
import jax
import jax.numpy as jnp
from jax import random

name, threads, path = flows.arguments()
flow = flows.FLOWS[name]
D, H, L, B, KIND = flow["dimension"], flow["width"], flow["couplings"], flow["batch"], flow["transform"]
AFFINE, SPLINE = KIND == "affine", KIND == "spline"
BINS, BOUND, LEAST, UNIT_SLOPE = flows.spline_constants(flow)
NUMBERS = 3 * BINS - 1 if SPLINE else 1  # of each component that a net moves
activation = {"affine": jnp.tanh, "additive": jax.nn.relu, "spline": jax.nn.silu}[KIND]
report = flows.Report("jax", name, threads, path)


def energy(x):
    if name in ("realnvp8", "spline16"):
        a, b = x[:, 0::2], x[:, 1::2]
        return (a**4 - 6 * a**2 - 0.5 * a + b**2 / 2).sum(1)
    x2 = x * x
    return (x2 * x2 / 4 - x2 / 2).sum(1)


def sizes(layer):
    """How many components the net reads, and how many it moves."""
    read = D // 2 if layer % 2 == 0 else D - D // 2
    return read, D - read


def dense(key, inputs, outputs):
    bound = inputs**-0.5
    return random.uniform(key, (inputs, outputs), minval=-bound, maxval=bound), jnp.zeros(outputs)


def start(nets):
    parameters, key = [], random.PRNGKey(0)
    for layer in range(L):
        read, moved = sizes(layer)
        net = []
        for inputs, outputs in ((read, H), (H, H), (H, moved * NUMBERS)):
            each = []
            for _ in range(nets):
                key, own = random.split(key)
                each.append(dense(own, inputs, outputs))
            net.append(each)
        parameters.append(net)
    return parameters


def knots_by_sums(parts):
    return jnp.cumsum(parts, -1)[..., :-1] - BOUND


def knots_by_product(parts):
    return parts @ jnp.triu(jnp.ones((BINS, BINS - 1), jnp.float32)) - BOUND


def pick_by_index(values, bin):
    return jnp.take_along_axis(values, bin[..., None], -1)[..., 0]


def pick_by_mask(values, bin):
    return jnp.sum(jnp.where(bin[..., None] == jnp.arange(values.shape[-1]), values, 0), -1)


def spline(x, numbers, knots, pick):
    """Rational quadratic (Durkan et al. 2019, eq. 4 to 8): y and log dy/dx; outside of [-B, B] the identity."""
    ends = [(0, 0)] * (numbers.ndim - 1) + [(1, 0)]
    widths = 2 * BOUND * (LEAST + (1 - BINS * LEAST) * jax.nn.softmax(numbers[..., :BINS]))
    heights = 2 * BOUND * (LEAST + (1 - BINS * LEAST) * jax.nn.softmax(numbers[..., BINS : 2 * BINS]))
    slopes = jnp.pad(1e-3 + jax.nn.softplus(numbers[..., 2 * BINS :] + UNIT_SLOPE), ends[:-1] + [(1, 1)], constant_values=1)
    inner_x, inner_y = knots(widths), knots(heights)
    left, lower = (jnp.pad(k, ends, constant_values=-BOUND) for k in (inner_x, inner_y))
    inside = abs(x) < BOUND
    x_in = jnp.where(inside, x, 0)
    bin = jnp.sum(x_in[..., None] >= inner_x, -1)
    w, h, x0, y0 = (pick(v, bin) for v in (widths, heights, left, lower))
    d0, d1 = pick(slopes[..., :-1], bin), pick(slopes[..., 1:], bin)
    s, t = h / w, (x_in - x0) / w
    u = t * (1 - t)
    below = s + (d0 + d1 - 2 * s) * u
    y = y0 + h * (s * t * t + d0 * u) / below
    slope = s * s * (d1 * t * t + 2 * s * u + d0 * (1 - t) ** 2) / (below * below)
    return jnp.where(inside, y, x), jnp.where(inside, jnp.log(slope), 0)


def separate(net, x):
    """Each net by itself: [weight, bias] of net n in layer k is net[k][n]."""
    results = []
    for n in range(len(net[0])):
        h = activation(x @ net[0][n][0] + net[0][n][1])
        h = activation(h @ net[1][n][0] + net[1][n][1])
        results.append(h @ net[2][n][0] + net[2][n][1])
    return results


def merge(parameters):
    """Both nets of a coupling in one product for each layer."""
    return [
        [
            (jnp.concatenate([w for w, _ in net[0]], 1), jnp.concatenate([b for _, b in net[0]])),
            (jnp.stack([w for w, _ in net[1]]), jnp.stack([b for _, b in net[1]])[:, None]),
            (jnp.stack([w for w, _ in net[2]]), jnp.stack([b for _, b in net[2]])[:, None]),
        ]
        for net in parameters
    ]


def merged(net, x):
    h = activation(x @ net[0][0] + net[0][1])
    h = jnp.moveaxis(h.reshape(x.shape[0], -1, H), 1, 0)
    h = activation(h @ net[1][0] + net[1][1])
    return list(h @ net[2][0] + net[2][1])


def forward(nets, parameters, z, how=()):
    log_det = jnp.zeros(z.shape[0])
    x = z
    for layer, net in enumerate(parameters):
        read, moved = sizes(layer)
        a, b = (x[:, :read], x[:, read:]) if layer % 2 == 0 else (x[:, moved:], x[:, :moved])
        results = nets(net, a)
        if AFFINE:
            s = 2 * jnp.tanh(results[0] / 2)
            b = b * jnp.exp(s) + results[1]
            log_det = log_det + s.sum(1)
        elif SPLINE:
            b, s = spline(b, results[0].reshape(*b.shape, NUMBERS), *how)
            log_det = log_det + s.sum(1)
        else:
            b = b + results[0]
        x = jnp.concatenate((a, b) if layer % 2 == 0 else (b, a), 1)
    return x, log_det


def inverse(nets, parameters, x):
    """Of an additive flow, for its log-density of data."""
    for layer in reversed(range(L)):
        read, moved = sizes(layer)
        a, b = (x[:, :read], x[:, read:]) if layer % 2 == 0 else (x[:, moved:], x[:, :moved])
        b = b - nets(parameters[layer], a)[0]
        x = jnp.concatenate((a, b) if layer % 2 == 0 else (b, a), 1)
    return x


def adam(parameters, gradient, state, rate=1e-4):
    m, v, t = state
    t = t + 1
    m = jax.tree.map(lambda a, g: 0.9 * a + 0.1 * g, m, gradient)
    v = jax.tree.map(lambda a, g: 0.999 * a + 0.001 * g * g, v, gradient)
    c, d = 1 - 0.9**t, 1 - 0.999**t
    parameters = jax.tree.map(lambda p, a, b: p - rate * (a / c) / (jnp.sqrt(b / d) + 1e-8), parameters, m, v)
    return parameters, (m, v, t)


def bench(variant, nets, parameters, how=()):
    def loss(p, key, data):
        """The reverse KL, or the forward KL of the additive flow, constants aside."""
        if KIND == "additive":
            z = inverse(nets, p, data)
            return (z * z / 2).sum(1).mean()
        z = random.normal(key, (B, D))
        x, log_det = forward(nets, p, z, how)
        return (energy(x) - log_det).mean()

    def step(carry, _=None):
        p, state, key, data = carry
        key, own = random.split(key)
        gradient = jax.grad(loss)(p, own, data)
        p, state = adam(p, gradient, state)
        return (p, state, key, data), None

    zeros = jax.tree.map(jnp.zeros_like, parameters)
    first = (parameters, (zeros, zeros, jnp.int32(0)), random.PRNGKey(1), random.normal(random.PRNGKey(3), (B, D)))
    one = jax.jit(lambda carry: step(carry)[0], donate_argnums=0)
    counts = (20,) if D < 1000 else (5,)
    loops = {n: jax.jit(lambda carry, n=n: jax.lax.scan(step, carry, None, length=n)[0], donate_argnums=0) for n in counts}
    for label, units, run in [("a step a call", 1, one)] + [(f"scan of {n}", n, loops[n]) for n in counts]:
        carry = [jax.tree.map(jnp.array, first)]

        def call():
            carry[0] = jax.block_until_ready(run(carry[0]))

        report.take("step", f"{variant}, {label}", units, call, 1.5)

    def sample(p, key, n):
        key, own = random.split(key)
        z = random.normal(own, (n, D))
        x, log_det = forward(nets, p, z, how)
        return x, -0.5 * (z * z).sum(1) - 0.5 * D * jnp.log(2 * jnp.pi) - log_det, key

    for n in flow.get("sampling", ()):
        run = jax.jit(lambda p, key, n=n: sample(p, key, n)).lower(parameters, random.PRNGKey(2)).compile()
        key = [random.PRNGKey(2)]

        def call():
            x, log_q, key[0] = run(parameters, key[0])
            jax.block_until_ready(log_q)

        report.take("one-sample" if n == 1 else "sampling", f"{variant}, {n} at once", n, call)


parameters = start(2 if AFFINE else 1)
if SPLINE:
    bench("sums and indices", separate, parameters, (knots_by_sums, pick_by_index))
    bench("products and masks", separate, parameters, (knots_by_product, pick_by_mask))
else:
    bench("a net at a time", separate, parameters)
if AFFINE:
    bench("merged matrices", merged, merge(parameters))
report.write()
