/* SPDX-License-Identifier: MIT-0 */
/* Trajectories of all walkers side by side: the model is called for all of them, the rest is a loop over walkers, each of
 * which touches its own rows only, so that threads change nothing. */
#include "hmc.h"
#include "draws.h"

#include <math.h>

/* d log pi / dx of component `at`. */
static float slope(const Places *places, Exponents exponents, double kT, size_t at)
{
    double sum = 0;
    if (exponents.q != 0)
        sum += exponents.q * (double)places->score[at];
    if (exponents.p != 0)
        sum += exponents.p * (double)places->force[at] / kT;
    return (float)sum;
}

/* -log pi(x) + |momentum|^2 / 2; +inf where it is not finite. */
static double hamiltonian(const Bridge *bridge, Exponents exponents, const Walkers *walkers, const Places *places,
                          size_t w)
{
    const float *momentum = walkers->momentum + w * walkers->dimension;
    double kinetic = 0;
    for (size_t i = 0; i < walkers->dimension; i++)
        kinetic += 0.5 * (double)momentum[i] * (double)momentum[i];
    const double sum = kinetic - bridge_log_density(bridge, exponents, places->log_q[w], places->energy[w]);
    return isfinite(sum) ? sum : (double)INFINITY;
}

static double walker_step(const Bridge *bridge, const HmcSettings *settings, const Walkers *walkers, size_t w)
{
    const double u = (double)draw_chain_acceptance(bridge->seed, walkers->first + w, settings->number, 1);
    return settings->step * (0.8 + 0.4 * u);
}

/* New momenta; half a step of the momentum. */
static void begin(const Bridge *bridge, Exponents exponents, const HmcSettings *settings, Walkers *walkers, size_t w)
{
    const size_t dimension = walkers->dimension;
    float *momentum = walkers->momentum + w * dimension;
    draw_chain_proposal(bridge->seed, walkers->first + w, settings->number, dimension, momentum);
    walkers->energy_before[w] = hamiltonian(bridge, exponents, walkers, &walkers->at, w);
    walkers_copy(dimension, &walkers->at, w, &walkers->next, w);
    const float half = (float)(0.5 * walker_step(bridge, settings, walkers, w));
    for (size_t i = 0; i < dimension; i++)
        momentum[i] += half * slope(&walkers->at, exponents, bridge->kT, w * dimension + i);
}

/* A step of the place. One that leaves the floats ends the trajectory: its momentum becomes infinite, and so its energy. */
static void drift(const Bridge *bridge, const HmcSettings *settings, Walkers *walkers, size_t w)
{
    const size_t dimension = walkers->dimension;
    const float step = (float)walker_step(bridge, settings, walkers, w);
    for (size_t at = w * dimension; at < (w + 1) * dimension; at++) {
        const float x = walkers->next.x[at] + step * walkers->momentum[at];
        if (isfinite(x))
            walkers->next.x[at] = x;
        else
            walkers->momentum[at] = INFINITY;
    }
}

static void kick(const Bridge *bridge, Exponents exponents, const HmcSettings *settings, bool is_last, Walkers *walkers,
                 size_t w)
{
    const size_t dimension = walkers->dimension;
    const float step = (float)((is_last ? 0.5 : 1.0) * walker_step(bridge, settings, walkers, w));
    for (size_t at = w * dimension; at < (w + 1) * dimension; at++)
        walkers->momentum[at] += step * slope(&walkers->next, exponents, bridge->kT, at);
}

static void decide(const Bridge *bridge, Exponents exponents, const HmcSettings *settings, Walkers *walkers, size_t w)
{
    const double after = hamiltonian(bridge, exponents, walkers, &walkers->next, w);
    const double change = after - walkers->energy_before[w];
    const double u = (double)draw_chain_acceptance(bridge->seed, walkers->first + w, settings->number, 0);
    /* where a walker starts outside of the target (energy_before infinite), any finite end is welcome */
    walkers->acceptance[w] = !isfinite(after) ? 0 : change < 0 ? 1 : exp(-change);
    if (u < walkers->acceptance[w])
        walkers_copy(walkers->dimension, &walkers->next, w, &walkers->at, w);
}

#ifdef _OPENMP
#define FOR_WALKERS _Pragma("omp parallel for num_threads(bridge->threads)") for (size_t w = 0; w < walkers->count; w++)
#else
#define FOR_WALKERS for (size_t w = 0; w < walkers->count; w++)
#endif

double hmc_transition(const Bridge *bridge, Exponents exponents, const HmcSettings *settings, Walkers *walkers)
{
    FOR_WALKERS begin(bridge, exponents, settings, walkers, w);
    for (int leap = 0; leap < settings->leapfrogs; leap++) {
        FOR_WALKERS drift(bridge, settings, walkers, w);
        walkers_evaluate(bridge, walkers->count, &walkers->next);
        FOR_WALKERS kick(bridge, exponents, settings, leap == settings->leapfrogs - 1, walkers, w);
    }
    FOR_WALKERS decide(bridge, exponents, settings, walkers, w);
    double sum = 0;
    for (size_t w = 0; w < walkers->count; w++)
        sum += walkers->acceptance[w];
    return sum / (double)walkers->count;
}

double hmc_adapt(double step, double acceptance, int tries)
{
    return step * exp(2 * pow(1 + tries, -0.6) * (acceptance - HMC_TARGET_ACCEPTANCE));
}
