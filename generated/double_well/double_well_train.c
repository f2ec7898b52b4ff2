/* SPDX-License-Identifier: MIT-0 */
/* One training step: the loss and its gradient in every weight.
 * Compiled from double_well.yaml by ansatz 0.1.0. */
#include "double_well_parts.h"

/* Affine coupling: y_a = x_a, y_b = x_b exp(s(x_a)) + t(x_a); log|det J| = sum s. Dinh, Sohl-Dickstein, Bengio 2017, eq. 7-8. (s, t): a dense net 1 -> 64 -> 64 -> 2, silu; s = B tanh(raw / B), B = 2.    double_well.yaml:11 */
static void coupling_affine_forward(const real *weights, const real *x_a, const real *x_b, real *y_b, real *log_det, real *result, real *hidden, real *result_2, real *hidden_2, real *result_3, real *scale, real *workspace)
{
    const real *const net_0_weight = weights + 0;
    const real *const net_0_bias = weights + 64;
    const real *const net_1_weight = weights + 128;
    const real *const net_1_bias = weights + 4224;
    const real *const net_2_weight = weights + 4288;
    const real *const net_2_bias = weights + 4416;
    real *const t = workspace + FRAME(0, 0);
    real *const log_scale = workspace + FRAME(128, 16);
    dense_64x1_sigmoid_3(net_0_weight, x_a, net_0_bias, result, hidden);
    dense_64x64_sigmoid_3(net_1_weight, hidden, net_1_bias, result_2, hidden_2);
    dense_2x64(net_2_weight, hidden_2, net_2_bias, t);
    for (int i = 0; i < BLOCK; i += LANES) {
        const lanes tanh_i = lanes_tanh(lanes_load(t + i) * REAL(0.5));
        store_each(result_3 + i, tanh_i, BLOCK - i);
        const lanes log_scale_i = tanh_i * REAL(2.0);
        store_each(log_scale + i, log_scale_i, BLOCK - i);
        const lanes scale_i = lanes_exp(log_scale_i);
        store_each(scale + i, scale_i, BLOCK - i);
        store_each(y_b + i, lanes_fma(lanes_load(x_b + i), scale_i, lanes_load(t + 1 * BLOCK + i)), BLOCK - i);
    }
    for (int i = 0; i < BLOCK; i += LANES) {
        store_each(log_det + i, lanes_load(log_scale + i), BLOCK - i);
    }
}

/* Backward of coupling_affine: from the cotangents of its results those of its inputs. Affine coupling: y_a = x_a, y_b = x_b exp(s(x_a)) + t(x_a); log|det J| = sum s. Dinh, Sohl-Dickstein, Bengio 2017, eq. 7-8. (s, t): a dense net 1 -> 64 -> 64 -> 2, silu; s = B tanh(raw / B), B = 2.    double_well.yaml:11 */
static void coupling_affine_backward(const Block *block, const real *weights, const real *x_a, const real *x_b, const real *x, const real *hidden, const real *x_2, const real *hidden_2, const real *x_3, const real *scale, const real *d_y_b, const real *d_log_det, real *gradient, real *d_x_a, real *d_x_b, real *workspace)
{
    const real *const net_0_weight = weights + 0;
    const real *const net_1_weight = weights + 128;
    const real *const net_2_weight = weights + 4288;
    real *const t = workspace + FRAME(0, 0);
    real *const t_2 = workspace + FRAME(64, 16);
    real *const d_net_2_weight = gradient + 4288;
    real *const d_net_2_bias = gradient + 4416;
    real *const t_3 = workspace + FRAME(192, 32);
    real *const d_net_1_weight = gradient + 128;
    real *const d_net_1_bias = gradient + 4224;
    real *const t_4 = workspace + FRAME(4288, 96);
    real *const d_net_0_weight = gradient + 0;
    real *const d_net_0_bias = gradient + 64;
    for (int i = 0; i < BLOCK; i += LANES) {
        const lanes d_y_b_i = lanes_load(d_y_b + i);
        const lanes scale_i = lanes_load(scale + i);
        store_each(d_x_b + i, d_y_b_i * scale_i, BLOCK - i);
        const lanes d_scale_i = d_y_b_i * lanes_load(x_b + i);
        const lanes d_log_scale_i = lanes_fma(d_scale_i, scale_i, lanes_load(d_log_det + i));
        const lanes x_i = lanes_load(x_3 + i);
        store_each(t + i, d_log_scale_i * lanes_fma(-x_i, x_i, lanes_splat(REAL(1.0))), BLOCK - i);
    }
    for (int s = 0; s < BLOCK; s += S_STEP) {
        store_row(t_2 + 0 * BLOCK + s, load_row(t + 0 * BLOCK + s));
    }
    for (int s = 0; s < BLOCK; s += S_STEP) {
        store_row(t_2 + 1 * BLOCK + s, load_row(d_y_b + 0 * BLOCK + s));
    }
    dense_64x2_then_2(net_2_weight, t_2, x_2, hidden_2, t_3);
    sum_2x64(t_2, hidden_2, block->count, block->adds, d_net_2_weight);
    sum_samples(t_2, 2, block->count, block->adds, d_net_2_bias);
    dense_64x64_then_2(net_1_weight, t_3, x, hidden, t_4);
    sum_64x64(t_3, hidden, block->count, block->adds, workspace + FRAME(8384, 160), d_net_1_weight);
    sum_samples(t_3, 64, block->count, block->adds, d_net_1_bias);
    dense_1x64(net_0_weight, t_4, d_x_a);
    sum_1x64(x_a, t_4, block->count, block->adds, d_net_0_weight);
    sum_samples(t_4, 64, block->count, block->adds, d_net_0_bias);
}

/* Backward of energy: from the cotangents of its results those of its inputs. The energy U(x): the sum of the spec's terms.    double_well.yaml:5 */
static void energy_backward(const real *x, const real *d_energy, real *d_x, real *workspace)
{
    real *const d_x_1 = workspace + FRAME(0, 0);
    real *const d_x_0 = workspace + FRAME(64, 16);
    for (int i = 0; i < BLOCK; i += LANES) {
        const lanes d_energy_i = lanes_load(d_energy + i);
        store_each(d_x_1 + i, d_energy_i * lanes_load(x + 1 * BLOCK + i), BLOCK - i);
        const lanes x_0_i = lanes_load(x + i);
        const lanes v_sum_i = lanes_fma(x_0_i * REAL(4.0), x_0_i * x_0_i, x_0_i * (-REAL(8.0))) + REAL(0.2);
        store_each(d_x_0 + i, d_energy_i * v_sum_i, BLOCK - i);
    }
    for (int s = 0; s < BLOCK; s += S_STEP) {
        store_row(d_x + 0 * BLOCK + s, load_row(d_x_0 + 0 * BLOCK + s));
    }
    for (int s = 0; s < BLOCK; s += S_STEP) {
        store_row(d_x + 1 * BLOCK + s, load_row(d_x_1 + 0 * BLOCK + s));
    }
}
#ifndef DOUBLE_WELL_WITHOUT_STEP

static void entry_step_once(const real *scalars, real *shared)
{
    const real kT = scalars[0];
    const real loss_0_weight = scalars[1];
    real *const d_energy = shared + 16;
    real *const d_log_det = shared + 32;
    /* backward of: reverse KL: the batch's mean of log q(x) + U(x) / kT    double_well.yaml:5 */
    /* backward of: flow.layers.5    double_well.yaml:5 */
    const real d_log_q_value = loss_0_weight * REAL(0.001953125);
    d_energy[0] = d_log_q_value / kT;
    d_log_det[0] = loss_0_weight * (-REAL(0.001953125));
}

static void entry_step_block(const Block *block, const real *weights, const real *scalars, real *shared, real *sums, double *double_sums, real *workspace)
{
    const real kT = scalars[0];
    real *const z = workspace + FRAME(0, 0);
    real *const log_q = workspace + FRAME(128, 16);
    real *const y_b = workspace + FRAME(192, 32);
    real *const log_det = workspace + FRAME(256, 48);
    real *const t = workspace + FRAME(320, 64);
    real *const hidden = workspace + FRAME(4416, 128);
    real *const t_2 = workspace + FRAME(8512, 192);
    real *const hidden_2 = workspace + FRAME(12608, 256);
    real *const t_3 = workspace + FRAME(16704, 320);
    real *const scale = workspace + FRAME(16768, 336);
    real *const y_b_2 = workspace + FRAME(16832, 352);
    real *const log_det_2 = workspace + FRAME(16896, 368);
    real *const t_4 = workspace + FRAME(16960, 384);
    real *const hidden_3 = workspace + FRAME(21056, 448);
    real *const t_5 = workspace + FRAME(25152, 512);
    real *const hidden_4 = workspace + FRAME(29248, 576);
    real *const t_6 = workspace + FRAME(33344, 640);
    real *const scale_2 = workspace + FRAME(33408, 656);
    real *const y_b_3 = workspace + FRAME(33472, 672);
    real *const log_det_3 = workspace + FRAME(33536, 688);
    real *const t_7 = workspace + FRAME(33600, 704);
    real *const hidden_5 = workspace + FRAME(37696, 768);
    real *const t_8 = workspace + FRAME(41792, 832);
    real *const hidden_6 = workspace + FRAME(45888, 896);
    real *const t_9 = workspace + FRAME(49984, 960);
    real *const scale_3 = workspace + FRAME(50048, 976);
    real *const y_b_4 = workspace + FRAME(50112, 992);
    real *const log_det_4 = workspace + FRAME(50176, 1008);
    real *const t_10 = workspace + FRAME(50240, 1024);
    real *const hidden_7 = workspace + FRAME(54336, 1088);
    real *const t_11 = workspace + FRAME(58432, 1152);
    real *const hidden_8 = workspace + FRAME(62528, 1216);
    real *const t_12 = workspace + FRAME(66624, 1280);
    real *const scale_4 = workspace + FRAME(66688, 1296);
    real *const y_b_5 = workspace + FRAME(66752, 1312);
    real *const log_det_5 = workspace + FRAME(66816, 1328);
    real *const t_13 = workspace + FRAME(66880, 1344);
    real *const hidden_9 = workspace + FRAME(70976, 1408);
    real *const t_14 = workspace + FRAME(75072, 1472);
    real *const hidden_10 = workspace + FRAME(79168, 1536);
    real *const t_15 = workspace + FRAME(83264, 1600);
    real *const scale_5 = workspace + FRAME(83328, 1616);
    real *const y_b_6 = workspace + FRAME(83392, 1632);
    real *const log_det_6 = workspace + FRAME(83456, 1648);
    real *const t_16 = workspace + FRAME(83520, 1664);
    real *const hidden_11 = workspace + FRAME(87616, 1728);
    real *const t_17 = workspace + FRAME(91712, 1792);
    real *const hidden_12 = workspace + FRAME(95808, 1856);
    real *const t_18 = workspace + FRAME(99904, 1920);
    real *const scale_6 = workspace + FRAME(99968, 1936);
    real *const x = workspace + FRAME(100032, 1952);
    real *const energy_2 = workspace + FRAME(83392, 1632);
    real *const t_19 = workspace + FRAME(100160, 1968);
    real *const d_energy = shared + 16;
    real *const d_x = workspace + FRAME(83392, 48);
    real *const d_log_det = shared + 32;
    real *const t_20 = workspace + FRAME(256, 368);
    real *const t_21 = workspace + FRAME(16896, 688);
    real *const d_y_b = workspace + FRAME(33536, 1008);
    real *const t_22 = workspace + FRAME(256, 48);
    real *const t_23 = workspace + FRAME(50176, 368);
    real *const d_y_b_2 = workspace + FRAME(33536, 992);
    real *const t_24 = workspace + FRAME(256, 48);
    real *const t_25 = workspace + FRAME(16896, 688);
    real *const d_y_b_3 = workspace + FRAME(33472, 672);
    real *const t_26 = workspace + FRAME(256, 48);
    real *const t_27 = workspace + FRAME(33536, 368);
    real *const d_y_b_4 = workspace + FRAME(16832, 352);
    real *const t_28 = workspace + FRAME(256, 48);
    real *const t_29 = workspace + FRAME(16896, 672);
    real *const d_y_b_5 = workspace + FRAME(192, 32);
    real *const t_30 = workspace + FRAME(256, 48);
    real *const t_31 = workspace + FRAME(16832, 352);
    real *const d_energy_each = workspace + FRAME(128, 16);
    real *const d_log_det_each = workspace + FRAME(128, 16);
    block_draw_normal(block, RANDOM_TRAIN_NOISE, 0, 2, z);
    gaussian_log_prob(z, log_q, workspace + FRAME(100224, 1984));
    /* flow.layers.0    double_well.yaml:11 */
    coupling_affine_forward(weights, z, z + 1 * BLOCK, y_b, log_det, t, hidden, t_2, hidden_2, t_3, scale, workspace + FRAME(100224, 1984));
    /* flow.layers.1    double_well.yaml:11 */
    coupling_affine_forward(weights + 4418, y_b, z, y_b_2, log_det_2, t_4, hidden_3, t_5, hidden_4, t_6, scale_2, workspace + FRAME(100224, 1984));
    /* flow.layers.2    double_well.yaml:11 */
    coupling_affine_forward(weights + 8836, y_b_2, y_b, y_b_3, log_det_3, t_7, hidden_5, t_8, hidden_6, t_9, scale_3, workspace + FRAME(100224, 1984));
    /* flow.layers.3    double_well.yaml:11 */
    coupling_affine_forward(weights + 13254, y_b_3, y_b_2, y_b_4, log_det_4, t_10, hidden_7, t_11, hidden_8, t_12, scale_4, workspace + FRAME(100224, 1984));
    /* flow.layers.4    double_well.yaml:11 */
    coupling_affine_forward(weights + 17672, y_b_4, y_b_3, y_b_5, log_det_5, t_13, hidden_9, t_14, hidden_10, t_15, scale_5, workspace + FRAME(100224, 1984));
    /* flow.layers.5    double_well.yaml:11 */
    coupling_affine_forward(weights + 22090, y_b_5, y_b_4, y_b_6, log_det_6, t_16, hidden_11, t_17, hidden_12, t_18, scale_6, workspace + FRAME(100224, 1984));
    for (int s = 0; s < BLOCK; s += S_STEP) {
        store_row(x + 0 * BLOCK + s, load_row(y_b_6 + 0 * BLOCK + s));
    }
    for (int s = 0; s < BLOCK; s += S_STEP) {
        store_row(x + 1 * BLOCK + s, load_row(y_b_5 + 0 * BLOCK + s));
    }
    energy(x, energy_2);
    for (int i = 0; i < BLOCK; i += LANES) {
        const lanes log_q_i = lanes_load(log_q + i) - lanes_load(log_det + i);
        const lanes log_q_i_2 = log_q_i - lanes_load(log_det_2 + i);
        const lanes log_q_i_3 = log_q_i_2 - lanes_load(log_det_3 + i);
        const lanes log_q_i_4 = log_q_i_3 - lanes_load(log_det_4 + i);
        const lanes log_q_i_5 = log_q_i_4 - lanes_load(log_det_5 + i);
        const lanes log_q_i_6 = log_q_i_5 - lanes_load(log_det_6 + i);
        store_each(t_19 + i, log_q_i_6 + lanes_load(energy_2 + i) / kT, BLOCK - i);
    }
    /* reverse KL: the batch's mean of log q(x) + U(x) / kT    double_well.yaml:5 */
    double_sums[0] = sum_samples_double(t_19, block->count);
    for (int i = 0; i < BLOCK; i += LANES) {
        store_each(d_energy_each + i, lanes_splat(d_energy[0]), BLOCK - i);
    }
    energy_backward(x, d_energy_each, d_x, workspace + FRAME(100224, 1984));
    for (int i = 0; i < BLOCK; i += LANES) {
        store_each(d_log_det_each + i, lanes_splat(d_log_det[0]), BLOCK - i);
    }
    coupling_affine_backward(block, weights + 22090, y_b_5, y_b_4, t_16, hidden_11, t_17, hidden_12, t_18, scale_6, d_x, d_log_det_each, sums + 22090, t_20, t_21, workspace + FRAME(100224, 1984));
    for (int i = 0; i < BLOCK; i += LANES) {
        store_each(d_y_b + i, lanes_load(d_x + 1 * BLOCK + i) + lanes_load(t_20 + i), BLOCK - i);
    }
    /* backward of: flow.layers.4    double_well.yaml:11 */
    coupling_affine_backward(block, weights + 17672, y_b_4, y_b_3, t_13, hidden_9, t_14, hidden_10, t_15, scale_5, d_y_b, d_log_det_each, sums + 17672, t_22, t_23, workspace + FRAME(100224, 1984));
    for (int i = 0; i < BLOCK; i += LANES) {
        store_each(d_y_b_2 + i, lanes_load(t_21 + i) + lanes_load(t_22 + i), BLOCK - i);
    }
    /* backward of: flow.layers.3    double_well.yaml:11 */
    coupling_affine_backward(block, weights + 13254, y_b_3, y_b_2, t_10, hidden_7, t_11, hidden_8, t_12, scale_4, d_y_b_2, d_log_det_each, sums + 13254, t_24, t_25, workspace + FRAME(100224, 1984));
    for (int i = 0; i < BLOCK; i += LANES) {
        store_each(d_y_b_3 + i, lanes_load(t_23 + i) + lanes_load(t_24 + i), BLOCK - i);
    }
    /* backward of: flow.layers.2    double_well.yaml:11 */
    coupling_affine_backward(block, weights + 8836, y_b_2, y_b, t_7, hidden_5, t_8, hidden_6, t_9, scale_3, d_y_b_3, d_log_det_each, sums + 8836, t_26, t_27, workspace + FRAME(100224, 1984));
    for (int i = 0; i < BLOCK; i += LANES) {
        store_each(d_y_b_4 + i, lanes_load(t_25 + i) + lanes_load(t_26 + i), BLOCK - i);
    }
    /* backward of: flow.layers.1    double_well.yaml:11 */
    coupling_affine_backward(block, weights + 4418, y_b, z, t_4, hidden_3, t_5, hidden_4, t_6, scale_2, d_y_b_4, d_log_det_each, sums + 4418, t_28, t_29, workspace + FRAME(100224, 1984));
    for (int i = 0; i < BLOCK; i += LANES) {
        store_each(d_y_b_5 + i, lanes_load(t_27 + i) + lanes_load(t_28 + i), BLOCK - i);
    }
    /* backward of: flow.layers.0    double_well.yaml:11 */
    coupling_affine_backward(block, weights, z, z + 1 * BLOCK, t, hidden, t_2, hidden_2, t_3, scale, d_y_b_5, d_log_det_each, sums, t_30, t_31, workspace + FRAME(100224, 1984));
}

static void entry_step_once_1(const real *scalars, real *loss, real *shared)
{
    const real loss_0_weight = scalars[1];
    real *const t = shared + 0;
    const real reverse_kl_value = t[0] * REAL(0.001953125);
    loss[0] = reverse_kl_value * loss_0_weight;
}

double MODEL(step)(const real *weights, const real *scalars, const real *data, uint64_t seed, uint32_t step, real *gradient, void *workspace, int threads)
{
    real loss = REAL(0.0);
    ptrdiff_t added = 1;
    real *const shared = workspace;
    double *const double_sums = (double *)(void *)(shared + 48);
    real *const sums = shared + 304;
    real *const frames = shared + 212400;
    (void)data, (void)threads;
    entry_step_once(scalars, shared);
    PARALLEL_FOR
    for (ptrdiff_t shard = 0; shard < 8; shard++) {
        Block block = block_of(512, shard, seed, 0, step);
        const ptrdiff_t place = block_place(&block, shard, &added);
        entry_step_block(&block, weights, scalars, shared, place == 0 ? gradient : sums + place * 26512, double_sums + shard * 16, frames + ANSATZ_THREAD() * 112704);
    }
    *(shared) = (real)sum_shards_double(double_sums, 8, 16);
    sum_shards(gradient, sums, added, 8, 26512, 26508, gradient, threads);
    entry_step_once_1(scalars, &loss, shared);
    return (double)loss;
}
#endif
