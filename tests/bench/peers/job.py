# SPDX-License-Identifier: MIT
"""What the whole jobs of normflows_job.py and flowjax_job.py share: the double well, the ring's rows, how good a model is, and the
line `WHO NAME SECONDS STEPS QUALITY` that ends a job, the time being that of the processor until the trained model was there."""
import os
import sys

import numpy

RING_SCALE = 0.3


def arguments():
    """NAME STEPS RATE SEED RESULTS [TRAIN.npy TEST.npy]"""
    name, steps, rate, seed, path = sys.argv[1:6]
    rows = [numpy.load(file).astype("float32") for file in sys.argv[6:]]
    return name, int(steps), float(rate), int(seed), path, rows


def energy(x):
    """Of specs/double_well.yaml, for arrays of either peer."""
    a, b = x[..., 0], x[..., 1]
    return a**4 - 4 * a**2 + 0.2 * a + 0.5 * b**2


def ess(x, log_q):
    """The effective sample size of samples x with their log q, as a fraction."""
    weights = numpy.asarray(-energy(x) - log_q, dtype="float64")
    weights = numpy.exp(weights - weights.max())
    return weights.sum() ** 2 / (weights**2).sum() / len(weights)


def standard(train, test):
    """Both standardised by the first, and log of the volume that this takes away."""
    mean, scale = train.mean(0), train.std(0)
    return (train - mean) / scale, (test - mean) / scale, numpy.log(scale).sum()


def ring_gap(log_q):
    """How far -mean log q of the test's rows is above the entropy of eight Gaussians of scale 0.3, ten scales apart."""
    return -numpy.mean(log_q) - (1 + numpy.log(2 * numpy.pi * RING_SCALE**2) + numpy.log(8))


class Job:
    def __init__(self, who):
        self.who = who
        self.name, self.steps, self.rate, self.seed, self.path, self.rows = arguments()

    def trained(self):
        self.seconds = sum(os.times()[:4])  # with that of child processes

    def write(self, quality):
        with open(self.path, "a") as file:
            file.write(f"{self.who} {self.name} {self.seconds:.3f} {self.steps} {quality:.4f}\n")
