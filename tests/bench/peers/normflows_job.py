# SPDX-License-Identifier: MIT
"""A whole job in normflows (PyTorch): the double well by reverse KL, or the ring by maximum likelihood, with the layers of
specs/double_well.yaml and specs/ring.yaml as normflows' own examples build them, Adam and a cosine.
normflows_job.py NAME STEPS RATE SEED RESULTS [TRAIN TEST]"""
import os

import job
import torch
import normflows

run = job.Job("normflows")
torch.set_num_threads(len(os.sched_getaffinity(0)))
torch.manual_seed(run.seed)
BATCH = 512


class DoubleWell(normflows.distributions.Target):
    def log_prob(self, z):
        return -job.energy(z)


def couplings():
    layers = []
    if run.name == "double_well":
        for _ in range(6):
            net = normflows.nets.MLP([1, 64, 64, 2], init_zeros=True)
            layers += [normflows.flows.AffineCouplingBlock(net), normflows.flows.Permute(2, mode="swap")]
    else:
        for _ in range(4):
            spline = normflows.flows.CoupledRationalQuadraticSpline(2, 2, 64, num_bins=16, tail_bound=4.0)
            layers += [spline, normflows.flows.LULinearPermute(2)]
    return layers


base = normflows.distributions.DiagGaussian(2, trainable=False)
model = normflows.NormalizingFlow(base, couplings(), DoubleWell())
optimiser = torch.optim.Adam(model.parameters(), lr=run.rate, fused=True)
schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, run.steps)
if run.rows:
    train, test, log_volume = job.standard(*run.rows)
    train, test = torch.from_numpy(train), torch.from_numpy(test)
order = None
for step in range(run.steps):
    optimiser.zero_grad(set_to_none=True)
    if run.name == "double_well":
        loss = model.reverse_kld(BATCH)
    else:
        place = step % (len(train) // BATCH)
        if place == 0:
            order = torch.randperm(len(train))
        loss = model.forward_kld(train[order[place * BATCH : (place + 1) * BATCH]])
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 10)
    optimiser.step()
    schedule.step()
run.trained()
with torch.no_grad():
    if run.name == "double_well":
        x, log_q = model.sample(100000)
        run.write(job.ess(x.numpy(), log_q.numpy()))
    else:
        run.write(job.ring_gap(model.log_prob(test).numpy() - log_volume))
