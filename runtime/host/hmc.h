/* SPDX-License-Identifier: MIT-0 */
/* Hamiltonian Monte Carlo (Duane et al. 1987; Neal 2011, "MCMC using Hamiltonian dynamics") for many walkers at once:
 * momenta are standard normal (mass 1), a trajectory is `leapfrogs` leapfrog steps, and its end is accepted with
 * min(1, exp(H(start) - H(end))), H = -log pi(x) + |momentum|^2 / 2. pi stays as it is. */
#ifndef RUNTIME_HOST_HMC_H
#define RUNTIME_HOST_HMC_H

#include "bridge.h"

#define hmc_transition RUNTIME_NAME(hmc_transition)
#define hmc_adapt      RUNTIME_NAME(hmc_adapt)

/* The acceptance at which trajectories of a fixed number of steps cost least, in many dimensions (Beskos et al. 2013,
 * "Optimal tuning of the hybrid Monte Carlo algorithm"). */
#define HMC_TARGET_ACCEPTANCE 0.65

typedef struct HmcSettings {
    double step; /* of the leapfrog; each walker's own is this times a uniform in [0.8, 1.2], against resonances */
    int leapfrogs;
    uint32_t number; /* of the transition: with seed and walker it makes the draws (chain proposal, chain acceptance) */
} HmcSettings;

/* One transition of all walkers; returns the mean acceptance. Proposals that are not finite are refused. */
double hmc_transition(const Bridge *bridge, Exponents exponents, const HmcSettings *settings, Walkers *walkers);

/* A better step, after transition number `tries` (0, 1, ...) with this acceptance: Robbins and Monro's recursion for
 * log step, with gain 2 / (1 + tries)^0.6. For a warm-up: a step that depends on where walkers are is not for use. */
double hmc_adapt(double step, double acceptance, int tries);

#endif
