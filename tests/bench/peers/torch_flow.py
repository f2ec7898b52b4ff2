# SPDX-License-Identifier: MIT
"""A flow of tests/bench/*.yaml in PyTorch: training step with Adam, sampling with log q, one sample. Eager and compiled, a net at
a time and with merged matrices, with the fused and the foreach Adam; the best counts.
Usage: taskset -c 0 python3 torch_flow.py realnvp8 RESULTS"""
import math

import flows
import torch
from torch import nn
from torch.nn import functional as F

name, threads, path = flows.arguments()
torch.set_num_threads(threads)
torch.manual_seed(0)
flow = flows.FLOWS[name]
D, H, L, B, KIND = flow["dimension"], flow["width"], flow["couplings"], flow["batch"], flow["transform"]
AFFINE, SPLINE = KIND == "affine", KIND == "spline"
BINS, BOUND, LEAST, UNIT_SLOPE = flows.spline_constants(flow)
NUMBERS = 3 * BINS - 1 if SPLINE else 1  # of each component that a net moves
activation = {"affine": torch.tanh, "additive": torch.relu, "spline": F.silu}[KIND]
data = torch.randn(B, D)
report = flows.Report("torch", name, threads, path)


def energy(x):
    if name in ("realnvp8", "spline16"):
        a, b = x[:, 0::2], x[:, 1::2]
        a2 = a * a
        return (a2 * a2 - 6 * a2 - 0.5 * a + b * b / 2).sum(1)
    x2 = x * x
    return (x2 * x2 / 4 - x2 / 2).sum(1)


def pick_by_index(values, bin):
    return values.gather(-1, bin[..., None])[..., 0]


def pick_by_mask(values, bin):
    return torch.where(bin[..., None] == torch.arange(values.shape[-1]), values, 0.0).sum(-1)


def spline(x, numbers, pick):
    """Rational quadratic (Durkan et al. 2019, eq. 4 to 8): y and log dy/dx; outside of [-B, B] the identity."""
    widths = 2 * BOUND * (LEAST + (1 - BINS * LEAST) * numbers[..., :BINS].softmax(-1))
    heights = 2 * BOUND * (LEAST + (1 - BINS * LEAST) * numbers[..., BINS : 2 * BINS].softmax(-1))
    slopes = F.pad(1e-3 + F.softplus(numbers[..., 2 * BINS :] + UNIT_SLOPE), (1, 1), value=1.0)
    inner_x, inner_y = (parts.cumsum(-1)[..., :-1] - BOUND for parts in (widths, heights))
    left, lower = (F.pad(k, (1, 0), value=-BOUND) for k in (inner_x, inner_y))
    inside = x.abs() < BOUND
    x_in = torch.where(inside, x, 0.0)
    bin = (x_in[..., None] >= inner_x).sum(-1)
    w, h, x0, y0 = (pick(v, bin) for v in (widths, heights, left, lower))
    d0, d1 = pick(slopes[..., :-1], bin), pick(slopes[..., 1:], bin)
    s, t = h / w, (x_in - x0) / w
    u = t * (1 - t)
    below = s + (d0 + d1 - 2 * s) * u
    y = y0 + h * (s * t * t + d0 * u) / below
    slope = s * s * (d1 * t * t + 2 * s * u + d0 * (1 - t) ** 2) / (below * below)
    return torch.where(inside, y, x), torch.where(inside, slope.log(), 0.0)


class Separate(nn.Module):
    """The nets of a coupling one by one."""

    def __init__(self, read, moved, nets):
        super().__init__()
        self.nets = nn.ModuleList(
            nn.ModuleList((nn.Linear(read, H), nn.Linear(H, H), nn.Linear(H, moved * NUMBERS))) for _ in range(nets)
        )

    def forward(self, x):
        return [net[2](activation(net[1](activation(net[0](x))))) for net in self.nets]


class Merged(nn.Module):
    """Both nets in one product for each layer."""

    def __init__(self, read, moved, nets):
        super().__init__()

        def uniform(fan, *size):
            return nn.Parameter((torch.rand(*size) * 2 - 1) * fan**-0.5)

        self.nets = nets
        self.w0, self.b0 = uniform(read, read, nets * H), uniform(read, nets * H)
        self.w1, self.b1 = uniform(H, nets, H, H), uniform(H, nets, 1, H)
        self.w2, self.b2 = uniform(H, nets, H, moved), uniform(H, nets, 1, moved)

    def forward(self, x):
        h = activation(torch.addmm(self.b0, x, self.w0)).view(-1, self.nets, H).transpose(0, 1)
        h = activation(torch.baddbmm(self.b1, h, self.w1))
        return torch.baddbmm(self.b2, h, self.w2).unbind(0)


class Flow(nn.Module):
    def __init__(self, kind, pick=None):
        super().__init__()
        self.pick = pick
        self.layers = nn.ModuleList()
        for layer in range(L):
            read = D // 2 if layer % 2 == 0 else D - D // 2
            self.layers.append(kind(read, D - read, 2 if AFFINE else 1))

    def forward(self, z):
        x, log_det = z, torch.zeros(z.shape[0])
        for layer, nets in enumerate(self.layers):
            read = D // 2 if layer % 2 == 0 else D - D // 2
            a, b = (x[:, :read], x[:, read:]) if layer % 2 == 0 else (x[:, D - read :], x[:, : D - read])
            results = nets(a)
            if AFFINE:
                s = 2 * torch.tanh(results[0] / 2)
                b = b * torch.exp(s) + results[1]
                log_det = log_det + s.sum(1)
            elif SPLINE:
                b, s = spline(b, results[0].view(*b.shape, NUMBERS), self.pick)
                log_det = log_det + s.sum(1)
            else:
                b = b + results[0]
            x = torch.cat((a, b) if layer % 2 == 0 else (b, a), 1)
        return x, log_det


    def inverse(self, x):
        """Of an additive flow, for its log-density of data."""
        for layer in reversed(range(L)):
            read = D // 2 if layer % 2 == 0 else D - D // 2
            a, b = (x[:, :read], x[:, read:]) if layer % 2 == 0 else (x[:, D - read :], x[:, : D - read])
            b = b - self.layers[layer](a)[0]
            x = torch.cat((a, b) if layer % 2 == 0 else (b, a), 1)
        return x


class Loss(nn.Module):
    """The reverse KL, or the forward KL of the additive flow, constants aside."""

    def __init__(self, flow):
        super().__init__()
        self.flow = flow

    def forward(self, z):
        if KIND == "additive":
            noise = self.flow.inverse(z)
            return (noise * noise / 2).sum(1).mean()
        x, log_det = self.flow(z)
        return (energy(x) - log_det).mean()


VARIANTS = {
    "affine": (("a net at a time", Separate), ("merged matrices", Merged)),
    "additive": (("a net at a time", Separate),),
    "spline": (("indices", Separate, pick_by_index), ("masks", Separate, pick_by_mask)),
}
for label, *kind in VARIANTS[KIND]:
    for compiled in (False, True):
        variant = label + (", compiled" if compiled else "")
        torch._dynamo.reset()
        model = Flow(*kind)
        loss = torch.compile(Loss(model)) if compiled else Loss(model)
        for option in ("fused", "foreach"):
            optimiser = torch.optim.Adam(model.parameters(), lr=1e-4, **{option: True})

            def step():
                optimiser.zero_grad(set_to_none=True)
                loss(data if KIND == "additive" else torch.randn(B, D)).backward()
                optimiser.step()

            report.take("step", f"{variant}, {option} Adam", 1, step, 1.5)
        for n in flow.get("sampling", ()):
            run = torch.compile(model, dynamic=False) if compiled else model

            @torch.inference_mode()
            def sample():
                z = torch.randn(n, D)
                x, log_det = run(z)
                return x, -0.5 * (z * z).sum(1) - 0.5 * D * math.log(2 * math.pi) - log_det

            report.take("one-sample" if n == 1 else "sampling", f"{variant}, {n} at once", n, sample)
report.write()
