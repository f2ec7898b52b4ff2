/* SPDX-License-Identifier: MIT-0 */
/* The energy, its force, and the observables.
 * Compiled from double_well.yaml by ansatz 0.1.0. */
#include "double_well_parts.h"

/* The energy U(x): the sum of the spec's terms.    double_well.yaml:5 */
void energy(const real *x, real *energy_2)
{
    for (int i = 0; i < BLOCK; i += LANES) {
        const lanes x_0_i = lanes_load(x + i);
        const lanes product_i = x_0_i * x_0_i;
        const lanes v_sum_i = lanes_fma(x_0_i, lanes_splat(REAL(0.2)), lanes_fma(product_i, lanes_splat(-REAL(4.0)), product_i * product_i));
        const lanes x_1_i = lanes_load(x + 1 * BLOCK + i);
        store_each(energy_2 + i, lanes_fma(x_1_i * x_1_i, lanes_splat(REAL(0.5)), v_sum_i), BLOCK - i);
    }
}

static void entry_energy(const real kT, const real loss_0_weight, const real *x, real *energy_2)
{
    energy(x, energy_2);
    (void)kT;
    (void)loss_0_weight;
}

static void entry_observables(const real kT, const real loss_0_weight, const real *x, real *values, real *workspace)
{
    real *const left = workspace + FRAME(0, 0);
    for (int i = 0; i < BLOCK; i += LANES) {
        store_each(left + i, lanes_select(lanes_less(lanes_load(x + i), lanes_splat(REAL(0.0))), lanes_splat(REAL(1.0)), lanes_splat(REAL(0.0))), BLOCK - i);
    }
    for (int i = 0; i < BLOCK; i += LANES) {
        store_each(values + i, lanes_load(left + i), BLOCK - i);
    }
    (void)kT;
    (void)loss_0_weight;
}

/* The energy U(x): the sum of the spec's terms.    double_well.yaml:5 */
static void energy_and_gradient(const real *x, real *d_x, real *workspace)
{
    real *const d_x_0 = workspace + FRAME(0, 0);
    /* backward of: x[0]^4 - 4*x[0]^2 + 0.2*x[0] + 0.5*x[1]^2    double_well.yaml:6 */
    for (int i = 0; i < BLOCK; i += LANES) {
        const lanes x_0_i = lanes_load(x + i);
        store_each(d_x_0 + i, lanes_fma(x_0_i * REAL(4.0), x_0_i * x_0_i, x_0_i * (-REAL(8.0))) + REAL(0.2), BLOCK - i);
    }
    for (int s = 0; s < BLOCK; s += S_STEP) {
        store_row(d_x + 0 * BLOCK + s, load_row(d_x_0 + 0 * BLOCK + s));
    }
    for (int s = 0; s < BLOCK; s += S_STEP) {
        store_row(d_x + 1 * BLOCK + s, load_row(x + 1 * BLOCK + s));
    }
}

static void entry_force(const real kT, const real loss_0_weight, const real *x, real *force, real *workspace)
{
    real *const gradient_2 = workspace + FRAME(0, 0);
    energy_and_gradient(x, gradient_2, workspace + FRAME(128, 16));
    for (int i = 0; i < 2 * BLOCK; i += LANES) {
        store_each(force + i, -lanes_load(gradient_2 + i), 2 * BLOCK - i);
    }
    (void)kT;
    (void)loss_0_weight;
}

void MODEL(energy)(const real *scalars, size_t count, const real *x, real *energy, void *workspace, int threads)
{
    (void)threads;
    PARALLEL_FOR
    for (ptrdiff_t number = 0; number < block_count(count); number++) {
        const Block block = block_of(count, number, 0, 0, 0);
        real *const frame = (real *)workspace + ANSATZ_THREAD() * FRAME(192, 48);
        block_from_rows(&block, x, 2, frame);
        entry_energy(scalars[0], scalars[1], frame, frame + FRAME(128, 16));
        rows_from_block(&block, frame + FRAME(128, 16), 1, energy);
    }
}

void MODEL(force)(const real *scalars, size_t count, const real *x, real *force, void *workspace, int threads)
{
    (void)threads;
    PARALLEL_FOR
    for (ptrdiff_t number = 0; number < block_count(count); number++) {
        const Block block = block_of(count, number, 0, 0, 0);
        real *const frame = (real *)workspace + ANSATZ_THREAD() * FRAME(448, 80);
        block_from_rows(&block, x, 2, frame);
        entry_force(scalars[0], scalars[1], frame, frame + FRAME(128, 16), frame + FRAME(256, 32));
        rows_from_block(&block, frame + FRAME(128, 16), 2, force);
    }
}

void MODEL(observables)(const real *scalars, size_t count, const real *x, real *values, void *workspace, int threads)
{
    (void)threads;
    PARALLEL_FOR
    for (ptrdiff_t number = 0; number < block_count(count); number++) {
        const Block block = block_of(count, number, 0, 0, 0);
        real *const frame = (real *)workspace + ANSATZ_THREAD() * FRAME(256, 64);
        block_from_rows(&block, x, 2, frame);
        entry_observables(scalars[0], scalars[1], frame, frame + FRAME(128, 16), frame + FRAME(192, 32));
        rows_from_block(&block, frame + FRAME(128, 16), 1, values);
    }
}
