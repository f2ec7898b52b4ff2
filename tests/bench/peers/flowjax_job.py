# SPDX-License-Identifier: MIT
"""A whole job in flowjax (JAX): the double well by reverse KL, or the ring by maximum likelihood, with the layers of
specs/double_well.yaml and specs/ring.yaml as flowjax's own examples build them, Adam and a cosine.
flowjax_job.py NAME STEPS RATE SEED RESULTS [TRAIN TEST]"""
import job
import jax.numpy as jnp
import optax
from flowjax.bijections import RationalQuadraticSpline
from flowjax.distributions import Normal
from flowjax.flows import coupling_flow
from flowjax.train import fit_to_data, fit_to_key_based_loss
from flowjax.train.losses import ElboLoss
from jax import random

run = job.Job("flowjax")
BATCH = 512
key, own, draws = random.split(random.key(run.seed), 3)
base = Normal(jnp.zeros(2))
optimiser = optax.chain(optax.clip_by_global_norm(10.0), optax.adam(optax.cosine_decay_schedule(run.rate, run.steps)))
if run.name == "double_well":
    flow = coupling_flow(own, base_dist=base, flow_layers=6, nn_width=64, nn_depth=2, invert=False)
    loss = ElboLoss(lambda x: -job.energy(x), BATCH)
    flow, _ = fit_to_key_based_loss(key, flow, loss_fn=loss, steps=run.steps, optimizer=optimiser, show_progress=False)
    run.trained()
    x, log_q = flow.sample_and_log_prob(draws, (100000,))
    run.write(job.ess(x, log_q))
else:
    train, test, log_volume = job.standard(*run.rows)
    spline = RationalQuadraticSpline(knots=16, interval=4)
    flow = coupling_flow(own, base_dist=base, transformer=spline, flow_layers=4, nn_width=64, nn_depth=2)
    epochs = max(1, round(run.steps / (len(train) * 0.9 // BATCH)))
    flow, _ = fit_to_data(key, flow, train, optimizer=optimiser, max_epochs=epochs, max_patience=epochs, batch_size=BATCH,
                          show_progress=False)
    run.trained()
    run.write(job.ring_gap(flow.log_prob(test) - log_volume))
