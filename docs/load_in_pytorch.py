# SPDX-License-Identifier: MIT-0
"""A trained flow in PyTorch, without any package but torch: reads the weights of a flow of couplings, computes log q of samples
in double precision, and compares with the log q that came with them.
    python3 docs/load_in_pytorch.py run/weights.safetensors x.npy x.log_q.npy
For affine couplings (log_scale_bound 2) and splines (bound 4) with split alternate, nets of silu and a Gaussian base: what
specs/double_well.yaml and specs/ring.yaml have. The formulas are in docs/flows.md."""
import ast, json, math, sys, torch
from torch.nn.functional import pad, silu, softplus

def floats(bytes, shape):
    return torch.frombuffer(bytes, dtype=torch.float32).reshape(shape).double()

def read_safetensors(path):  # the header's length in 8 bytes, the header in JSON, the data
    file = bytearray(open(path, "rb").read())
    data = 8 + int.from_bytes(file[:8], "little")
    header = {name: entry for name, entry in json.loads(file[8:data]).items() if name != "__metadata__"}
    return {name: floats(file[data:][slice(*entry["data_offsets"])], entry["shape"]) for name, entry in header.items()}

def read_npy(path):  # 8 bytes, the header's length in 2 bytes, the header as a Python dictionary, the data
    file = bytearray(open(path, "rb").read())
    data = 10 + int.from_bytes(file[8:10], "little")
    return floats(file[data:], ast.literal_eval(file[10:data].decode())["shape"])

def affine_inverse(y, p):  # p: the log scales before tanh, then the shifts. Gives x and log |dx/dy|, as the next one
    log_scale = 2 * torch.tanh(p[:, :y.shape[1]] / 2)
    return (y - p[:, y.shape[1]:]) * torch.exp(-log_scale), -log_scale

def spline_inverse(y, p, bound=4):  # p: K widths of each component, then K heights of each, K - 1 slopes of each
    bins = (p.shape[1] // y.shape[1] + 1) // 3
    widths, heights, slopes = (u.reshape(*y.shape, -1) for u in p.split(y.shape[1] * bins, 1))
    f = min(1 / 1000, 1 / (10 * bins))
    x_knots, y_knots = (bound * (2 * pad((f + (1 - bins * f) * torch.softmax(u, 2)).cumsum(2), (1, 0)) - 1)
                        for u in (widths, heights))
    slopes = pad(1 / 1000 + softplus(slopes + math.log(math.exp(0.999) - 1)), (1, 1), value=1)
    bin = (y[..., None] >= y_knots[..., 1:-1]).sum(2, keepdim=True)
    x, x_end, y_0, y_end, d, d_end = (v.gather(2, bin + i)[..., 0] for v in (x_knots, y_knots, slopes) for i in (0, 1))
    w, h, r, s = x_end - x, y_end - y_0, y - y_0, (y_end - y_0) / (x_end - x)
    b = h * d - r * (d + d_end - 2 * s)
    t = 2 * s * r / (b + torch.sqrt(b * b + 4 * s * r * (h * s - h * d + r * (d + d_end - 2 * s))))
    slope = s**2 * (d_end * t**2 + 2 * s * t * (1 - t) + d * (1 - t)**2) / (s + (d + d_end - 2 * s) * t * (1 - t))**2
    return torch.where(y.abs() < bound, x + w * t, y), torch.where(y.abs() < bound, -slope.log(), 0 * y)

def log_q(weights, x):  # from the data to the base, through the last layer first
    scale = weights.get("data.scale", torch.ones(x.shape[1]))
    x, log_det = (x - weights.get("data.mean", 0)) / scale, -scale.log().sum()
    for k in sorted({int(name.split(".")[2]) for name in weights if name.startswith("flow.layers")}, reverse=True):
        layer = [tensor for name, tensor in sorted(weights.items()) if name.startswith(f"flow.layers.{k}.net.")]
        p, y = x[:, k % 2::2], x[:, 1 - k % 2::2]
        for i in range(0, len(layer), 2):  # bias and weight of each of the net's layers
            p = (silu(p) if i > 0 else p) @ layer[i + 1].T + layer[i]
        x[:, 1 - k % 2::2], terms = (affine_inverse if p.shape[1] == 2 * y.shape[1] else spline_inverse)(y, p)
        log_det = log_det + terms.sum(1)
    return log_det - (x**2).sum(1) / 2 - x.shape[1] / 2 * math.log(2 * math.pi)

x, expected = read_npy(sys.argv[2]), read_npy(sys.argv[3])
off = (log_q(read_safetensors(sys.argv[1]), x) - expected).abs().max().item()
sys.exit(print(f"log q of {len(x)} samples: off by at most {off:.2g}") or off > 1e-4)
