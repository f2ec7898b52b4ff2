# SPDX-License-Identifier: MIT
"""The flows of tests/bench/*.yaml in numbers, and how their peers are timed: shared by jax_flow.py and torch_flow.py."""
import math
import os
import sys
import time

# name: dimension, layers of each net's hidden width, couplings, batch, transform, bins and bound of a spline, how many samples
# are drawn at once where sampling is timed (64 and 8192 were never the fastest)
FLOWS = {
    "realnvp8": dict(dimension=8, width=64, couplings=8, batch=512, transform="affine", sampling=(1, 512, 2048)),
    "realnvp39": dict(dimension=39, width=128, couplings=8, batch=256, transform="affine"),
    "spline16": dict(dimension=16, width=64, couplings=4, batch=512, transform="spline", bins=16, bound=4.0),
    "additive1568": dict(dimension=1568, width=1024, couplings=2, batch=256, transform="additive"),
}


def spline_constants(flow):
    """K, B, the least width f, and what makes a slope of 1 of a zero (docs/flows.md)."""
    bins = flow.get("bins", 1)
    return bins, flow.get("bound", 1.0), min(1e-3, 0.1 / bins), math.log(math.exp(0.999) - 1)


def best(call, budget):
    """Seconds of one call, the least of some, after three that do not count."""
    for _ in range(3):
        call()
    start = time.perf_counter()
    call()
    once = time.perf_counter() - start
    repeats = max(1, int(0.001 / once))
    least, end = float("inf"), time.perf_counter() + budget
    count = 0
    while count < 5 or time.perf_counter() < end:
        start = time.perf_counter()
        for _ in range(repeats):
            call()
        least = min(least, (time.perf_counter() - start) / repeats)
        count += 1
    return least


class Report:
    """The best variant of each figure, at the end as lines `WHO NAME WHAT THREADS SECONDS VARIANT`."""

    def __init__(self, who, name, threads, path):
        self.who, self.name, self.threads, self.path, self.found = who, name, threads, path, {}

    def take(self, what, variant, units, call, budget=0.5):
        try:
            seconds = best(call, budget) / units
        except Exception as error:  # a variant that the peer refuses is no variant
            print(f"  {self.who} {self.name} {what}, {variant}: refused ({str(error)[:80]!r})", file=sys.stderr)
            return
        print(f"  {self.who} {self.name} {what}, {variant}, {self.threads} cores: {seconds:.4g} s", file=sys.stderr)
        if what not in self.found or seconds < self.found[what][0]:
            self.found[what] = (seconds, variant)

    def write(self):
        with open(self.path, "a") as file:
            for what, (seconds, variant) in self.found.items():
                file.write(f"{self.who} {self.name} {what} {self.threads} {seconds:.6g} {variant}\n")


def arguments():
    """NAME RESULTS: the flow, and the file of results. The process's cores are the threads."""
    return sys.argv[1], len(os.sched_getaffinity(0)), sys.argv[2]
