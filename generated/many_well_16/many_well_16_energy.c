/* SPDX-License-Identifier: MIT-0 */
/* The energy, its force, and the observables.
 * Compiled from many_well_16.yaml by ansatz 0.1.0. */
#include "many_well_16_parts.h"

/* The energy U(x): the sum of the spec's terms.    many_well_16.yaml:8 */
void energy(const real *x, real *energy_2)
{
    for (int s = 0; s < BLOCK; s += S_STEP) {
        lanes energy_i = lanes_splat(REAL(0.0));
        for (int i = 0; i < 8; i++) {
            const lanes x_i = load_row(x + (2 * i) * BLOCK + s);
            const lanes product_i = x_i * x_i;
            const lanes v_sum_i = lanes_fma(product_i, product_i, lanes_fma(product_i, lanes_splat(-REAL(6.0)), x_i * (-REAL(0.5))));
            const lanes x_i_2 = load_row(x + (2 * i + 1) * BLOCK + s);
            energy_i = energy_i + lanes_fma(x_i_2 * x_i_2, lanes_splat(REAL(0.5)), v_sum_i);
        }
        store_row(energy_2 + s, energy_i);
    }
}

static void entry_energy(const real kT, const real loss_0_weight, const real *x, real *energy_2)
{
    energy(x, energy_2);
    (void)kT;
    (void)loss_0_weight;
}

/* The energy U(x): the sum of the spec's terms.    many_well_16.yaml:8 */
static void energy_and_gradient(const real *x, real *d_x, real *workspace)
{
    real *const x_2 = workspace + FRAME(0, 0);
    real *const t = workspace + FRAME(0, 0);
    real *const t_2 = workspace + FRAME(512, 16);
    real *const t_3 = workspace + FRAME(1024, 32);
    real *const t_4 = workspace + FRAME(2048, 16);
    real *const t_5 = workspace + FRAME(3072, 48);
    for (int i = 0; i < 8; i++)
        for (int s = 0; s < BLOCK; s += S_STEP) {
            const lanes x_i = load_row(x + (2 * i) * BLOCK + s);
            store_row(t + i * BLOCK + s, x_i * x_i * REAL(4.0) * x_i);
            store_row(t_2 + i * BLOCK + s, x_i * (-REAL(12.0)));
        }
    for (int i = 0; i < 16; i++) {
        for (int s = 0; s < BLOCK; s += S_STEP) {
            store_row(t_3 + i * BLOCK + s, lanes_splat(REAL(0.0)));
        }
    }
    for (int i = 0; i < 1; i++) {
        for (int j = 0; j < 8; j++) {
            for (int k = 0; k < 1; k++) {
                const int target = (16 * i + index_1[j]) * 1 + k;
                for (int s = 0; s < BLOCK; s += S_STEP) {
                    store_row(t_3 + target * BLOCK + s, load_row(t_3 + target * BLOCK + s) + load_row(t_2 + (8 * i + j + k) * BLOCK + s));
                }
            }
        }
    }
    for (int i = 0; i < 16; i++) {
        for (int s = 0; s < BLOCK; s += S_STEP) {
            store_row(t_4 + i * BLOCK + s, lanes_splat(REAL(0.0)));
        }
    }
    for (int i = 0; i < 1; i++) {
        for (int j = 0; j < 8; j++) {
            for (int k = 0; k < 1; k++) {
                const int target = (16 * i + index_1[j]) * 1 + k;
                for (int s = 0; s < BLOCK; s += S_STEP) {
                    store_row(t_4 + target * BLOCK + s, load_row(t_4 + target * BLOCK + s) + load_row(t + (8 * i + j + k) * BLOCK + s));
                }
            }
        }
    }
    for (int i = 0; i < 8; i++)
        for (int s = 0; s < BLOCK; s += S_STEP) {
            store_row(x_2 + i * BLOCK + s, load_row(x + (2 * i + 1) * BLOCK + s));
        }
    for (int i = 0; i < 16; i++) {
        for (int s = 0; s < BLOCK; s += S_STEP) {
            store_row(t_5 + i * BLOCK + s, lanes_splat(REAL(0.0)));
        }
    }
    for (int i = 0; i < 1; i++) {
        for (int j = 0; j < 8; j++) {
            for (int k = 0; k < 1; k++) {
                const int target = (16 * i + index_2[j]) * 1 + k;
                for (int s = 0; s < BLOCK; s += S_STEP) {
                    store_row(t_5 + target * BLOCK + s, load_row(t_5 + target * BLOCK + s) + load_row(x_2 + (8 * i + j + k) * BLOCK + s));
                }
            }
        }
    }
    for (int i = 0; i < 16; i += I_STEP)
        for (int s = 0; s < BLOCK; s += S_STEP) {
            const lanes v_sum_i = load_feature(table_3 + i) + lanes_load(t_3 + i * BLOCK + s) + lanes_load(t_4 + i * BLOCK + s);
            store_each(d_x + i * BLOCK + s, v_sum_i + lanes_load(t_5 + i * BLOCK + s), 16 - i);
        }
}

static void entry_force(const real kT, const real loss_0_weight, const real *x, real *force, real *workspace)
{
    real *const gradient_2 = workspace + FRAME(0, 0);
    energy_and_gradient(x, gradient_2, workspace + FRAME(1024, 16));
    for (int i = 0; i < 16 * BLOCK; i += LANES) {
        store_each(force + i, -lanes_load(gradient_2 + i), 16 * BLOCK - i);
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
        real *const frame = (real *)workspace + ANSATZ_THREAD() * FRAME(1088, 48);
        block_from_rows(&block, x, 16, frame);
        entry_energy(scalars[0], scalars[1], frame, frame + FRAME(1024, 16));
        rows_from_block(&block, frame + FRAME(1024, 16), 1, energy);
    }
}

void MODEL(force)(const real *scalars, size_t count, const real *x, real *force, void *workspace, int threads)
{
    (void)threads;
    PARALLEL_FOR
    for (ptrdiff_t number = 0; number < block_count(count); number++) {
        const Block block = block_of(count, number, 0, 0, 0);
        real *const frame = (real *)workspace + ANSATZ_THREAD() * FRAME(7168, 128);
        block_from_rows(&block, x, 16, frame);
        entry_force(scalars[0], scalars[1], frame, frame + FRAME(1024, 16), frame + FRAME(2048, 32));
        rows_from_block(&block, frame + FRAME(1024, 16), 16, force);
    }
}
