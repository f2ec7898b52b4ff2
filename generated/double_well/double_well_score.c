/* SPDX-License-Identifier: MIT-0 */
/* The gradient of the model's log-density.
 * Compiled from double_well.yaml by ansatz 0.1.0. */
#include "double_well_parts.h"

/* Inverse of an affine coupling: x_a = y_a, x_b = (y_b - t(x_a)) exp(-s(x_a)); log|det J| = -sum s. Dinh, Sohl-Dickstein, Bengio 2017, eq. 7-8. (s, t): a dense net 1 -> 64 -> 64 -> 2, silu; s = B tanh(raw / B), B = 2.    double_well.yaml:11 */
static void coupling_affine_inverse_forward(const real *weights, const real *x_a, const real *y_b, real *x_b, real *log_det, real *result, real *scale, real *result_2, real *partial, real *partial_2, real *workspace)
{
    const real *const net_0_weight = weights + 0;
    const real *const net_0_bias = weights + 64;
    const real *const net_1_weight = weights + 128;
    const real *const net_1_bias = weights + 4224;
    const real *const net_2_weight = weights + 4288;
    const real *const net_2_bias = weights + 4416;
    real *const hidden = workspace + FRAME(0, 0);
    real *const hidden_2 = workspace + FRAME(4096, 64);
    real *const t = workspace + FRAME(0, 0);
    real *const t_2 = workspace + FRAME(128, 16);
    dense_64x1_sigmoid_2(net_0_weight, x_a, net_0_bias, hidden, partial_2);
    dense_64x64_sigmoid_2(net_1_weight, hidden, net_1_bias, hidden_2, partial);
    dense_2x64(net_2_weight, hidden_2, net_2_bias, t);
    for (int i = 0; i < BLOCK; i += LANES) {
        const lanes tanh_i = lanes_tanh(lanes_load(t + i) * REAL(0.5));
        store_each(result + i, tanh_i, BLOCK - i);
        const lanes product_i = tanh_i * (-REAL(2.0));
        store_each(t_2 + i, product_i, BLOCK - i);
        const lanes scale_i = lanes_exp(product_i);
        store_each(scale + i, scale_i, BLOCK - i);
        const lanes difference_i = lanes_load(y_b + i) - lanes_load(t + 1 * BLOCK + i);
        store_each(result_2 + i, difference_i, BLOCK - i);
        store_each(x_b + i, difference_i * scale_i, BLOCK - i);
    }
    for (int i = 0; i < BLOCK; i += LANES) {
        store_each(log_det + i, lanes_load(t_2 + i), BLOCK - i);
    }
}

/* Backward of coupling_affine_inverse: from the cotangents of its results those of its inputs. Inverse of an affine coupling: x_a = y_a, x_b = (y_b - t(x_a)) exp(-s(x_a)); log|det J| = -sum s. Dinh, Sohl-Dickstein, Bengio 2017, eq. 7-8. (s, t): a dense net 1 -> 64 -> 64 -> 2, silu; s = B tanh(raw / B), B = 2.    double_well.yaml:11 */
static void coupling_affine_inverse_backward(const real *weights, const real *x, const real *scale, const real *x_2, const real *partial, const real *partial_2, const real *d_x_b, const real *d_log_det, real *d_x_a, real *d_y_b, real *workspace)
{
    const real *const net_0_weight = weights + 0;
    const real *const net_1_weight = weights + 128;
    const real *const net_2_weight = weights + 4288;
    real *const d_shift = workspace + FRAME(0, 0);
    real *const t = workspace + FRAME(64, 16);
    real *const t_2 = workspace + FRAME(128, 32);
    real *const t_3 = workspace + FRAME(256, 48);
    real *const t_4 = workspace + FRAME(4352, 112);
    for (int i = 0; i < BLOCK; i += LANES) {
        const lanes d_x_b_i = lanes_load(d_x_b + i);
        const lanes scale_i = lanes_load(scale + i);
        const lanes d_y_b_i = d_x_b_i * scale_i;
        store_each(d_y_b + i, d_y_b_i, BLOCK - i);
        store_each(d_shift + i, -d_y_b_i, BLOCK - i);
        const lanes d_scale_i = d_x_b_i * lanes_load(x_2 + i);
        const lanes x_i = lanes_load(x + i);
        const lanes product_i = lanes_fma(d_scale_i, scale_i, lanes_load(d_log_det + i)) * lanes_fma(-x_i, x_i, lanes_splat(REAL(1.0)));
        store_each(t + i, -product_i, BLOCK - i);
    }
    for (int s = 0; s < BLOCK; s += S_STEP) {
        store_row(t_2 + 0 * BLOCK + s, load_row(t + 0 * BLOCK + s));
    }
    for (int s = 0; s < BLOCK; s += S_STEP) {
        store_row(t_2 + 1 * BLOCK + s, load_row(d_shift + 0 * BLOCK + s));
    }
    dense_64x2_then(net_2_weight, t_2, partial, t_3);
    dense_64x64_then(net_1_weight, t_3, partial_2, t_4);
    dense_1x64(net_0_weight, t_4, d_x_a);
}

/* Backward of gaussian_log_prob: from the cotangents of its results those of its inputs. Standard normal: log p(z) = -|z|^2 / 2 - D/2 log(2 pi).    double_well.yaml:9 */
static void gaussian_log_prob_backward(const real *z, const real *d_log_prob, real *d_z, real *workspace)
{
    real *const t = workspace + FRAME(0, 0);
    for (int i = 0; i < BLOCK; i += LANES) {
        store_each(t + i, -lanes_load(d_log_prob + i), BLOCK - i);
    }
    for (int i = 0; i < 2; i += I_STEP)
        for (int s = 0; s < BLOCK; s += S_STEP) {
            store_each(d_z + i * BLOCK + s, load_sample(t + s) * lanes_load(z + i * BLOCK + s), 2 - i);
        }
}

static void entry_score(const real *weights, const real kT, const real loss_0_weight, const real *x, real *log_q, real *d_x, real *workspace)
{
    real *const x_b = workspace + FRAME(0, 0);
    real *const log_q_2 = workspace + FRAME(64, 16);
    real *const t = workspace + FRAME(128, 32);
    real *const scale = workspace + FRAME(192, 48);
    real *const t_2 = workspace + FRAME(256, 64);
    real *const partial = workspace + FRAME(320, 80);
    real *const partial_2 = workspace + FRAME(4416, 144);
    real *const x_b_2 = workspace + FRAME(8512, 208);
    real *const log_det = workspace + FRAME(8576, 224);
    real *const t_3 = workspace + FRAME(8640, 240);
    real *const scale_2 = workspace + FRAME(8704, 256);
    real *const t_4 = workspace + FRAME(8768, 272);
    real *const partial_3 = workspace + FRAME(8832, 288);
    real *const partial_4 = workspace + FRAME(12928, 352);
    real *const x_b_3 = workspace + FRAME(17024, 416);
    real *const log_det_2 = workspace + FRAME(17088, 432);
    real *const t_5 = workspace + FRAME(17152, 448);
    real *const scale_3 = workspace + FRAME(17216, 464);
    real *const t_6 = workspace + FRAME(17280, 480);
    real *const partial_5 = workspace + FRAME(17344, 496);
    real *const partial_6 = workspace + FRAME(21440, 560);
    real *const x_b_4 = workspace + FRAME(0, 0);
    real *const log_det_3 = workspace + FRAME(25536, 624);
    real *const t_7 = workspace + FRAME(25600, 640);
    real *const scale_4 = workspace + FRAME(25664, 656);
    real *const t_8 = workspace + FRAME(25728, 672);
    real *const partial_7 = workspace + FRAME(25792, 688);
    real *const partial_8 = workspace + FRAME(29888, 752);
    real *const x_b_5 = workspace + FRAME(8512, 208);
    real *const log_det_4 = workspace + FRAME(33984, 816);
    real *const t_9 = workspace + FRAME(34048, 832);
    real *const scale_5 = workspace + FRAME(34112, 848);
    real *const t_10 = workspace + FRAME(34176, 864);
    real *const partial_9 = workspace + FRAME(34240, 880);
    real *const partial_10 = workspace + FRAME(38336, 944);
    real *const x_b_6 = workspace + FRAME(17024, 416);
    real *const log_det_5 = workspace + FRAME(42432, 1008);
    real *const t_11 = workspace + FRAME(42496, 1024);
    real *const scale_6 = workspace + FRAME(42560, 1040);
    real *const t_12 = workspace + FRAME(42624, 1056);
    real *const partial_11 = workspace + FRAME(42688, 1072);
    real *const partial_12 = workspace + FRAME(46784, 1136);
    real *const z = workspace + FRAME(50880, 0);
    real *const log_prob = workspace + FRAME(0, 208);
    real *const d_z = workspace + FRAME(8512, 208);
    real *const t_13 = workspace + FRAME(64, 0);
    real *const t_14 = workspace + FRAME(17024, 224);
    real *const d_x_b = workspace + FRAME(17088, 416);
    real *const t_15 = workspace + FRAME(64, 0);
    real *const t_16 = workspace + FRAME(8512, 208);
    real *const d_x_b_2 = workspace + FRAME(8576, 416);
    real *const t_17 = workspace + FRAME(64, 0);
    real *const t_18 = workspace + FRAME(17024, 224);
    real *const d_x_b_3 = workspace + FRAME(8576, 416);
    real *const t_19 = workspace + FRAME(64, 0);
    real *const t_20 = workspace + FRAME(8512, 208);
    real *const d_x_b_4 = workspace + FRAME(8576, 416);
    real *const t_21 = workspace + FRAME(64, 0);
    real *const t_22 = workspace + FRAME(17024, 224);
    real *const d_x_b_5 = workspace + FRAME(8576, 240);
    real *const t_23 = workspace + FRAME(64, 0);
    real *const t_24 = workspace + FRAME(8512, 208);
    real *const t_25 = workspace + FRAME(0, 16);
    real *const d_log_q_each = workspace + FRAME(0, 16);
    /* flow.layers.5    double_well.yaml:11 */
    coupling_affine_inverse_forward(weights + 22090, x + 1 * BLOCK, x, x_b, log_q_2, t, scale, t_2, partial, partial_2, workspace + FRAME(51008, 1200));
    /* flow.layers.4    double_well.yaml:11 */
    coupling_affine_inverse_forward(weights + 17672, x_b, x + 1 * BLOCK, x_b_2, log_det, t_3, scale_2, t_4, partial_3, partial_4, workspace + FRAME(51008, 1200));
    /* flow.layers.3    double_well.yaml:11 */
    coupling_affine_inverse_forward(weights + 13254, x_b_2, x_b, x_b_3, log_det_2, t_5, scale_3, t_6, partial_5, partial_6, workspace + FRAME(51008, 1200));
    /* flow.layers.2    double_well.yaml:11 */
    coupling_affine_inverse_forward(weights + 8836, x_b_3, x_b_2, x_b_4, log_det_3, t_7, scale_4, t_8, partial_7, partial_8, workspace + FRAME(51008, 1200));
    /* flow.layers.1    double_well.yaml:11 */
    coupling_affine_inverse_forward(weights + 4418, x_b_4, x_b_3, x_b_5, log_det_4, t_9, scale_5, t_10, partial_9, partial_10, workspace + FRAME(51008, 1200));
    /* flow.layers.0    double_well.yaml:11 */
    coupling_affine_inverse_forward(weights, x_b_5, x_b_4, x_b_6, log_det_5, t_11, scale_6, t_12, partial_11, partial_12, workspace + FRAME(51008, 1200));
    for (int s = 0; s < BLOCK; s += S_STEP) {
        store_row(z + 0 * BLOCK + s, load_row(x_b_5 + 0 * BLOCK + s));
    }
    for (int s = 0; s < BLOCK; s += S_STEP) {
        store_row(z + 1 * BLOCK + s, load_row(x_b_6 + 0 * BLOCK + s));
    }
    gaussian_log_prob(z, log_prob, workspace + FRAME(51008, 1200));
    for (int i = 0; i < BLOCK; i += LANES) {
        const lanes log_q_i = lanes_load(log_q_2 + i) + lanes_load(log_det + i);
        const lanes log_q_i_2 = log_q_i + lanes_load(log_det_2 + i);
        const lanes log_q_i_3 = log_q_i_2 + lanes_load(log_det_3 + i);
        const lanes log_q_i_4 = log_q_i_3 + lanes_load(log_det_4 + i);
        const lanes log_q_i_5 = log_q_i_4 + lanes_load(log_det_5 + i);
        store_each(log_q + i, log_q_i_5 + lanes_load(log_prob + i), BLOCK - i);
    }
    for (int i = 0; i < BLOCK; i += LANES) {
        store_each(d_log_q_each + i, lanes_splat(REAL(1.0)), BLOCK - i);
    }
    /* backward of: flow.layers.0    double_well.yaml:9 */
    gaussian_log_prob_backward(z, d_log_q_each, d_z, workspace + FRAME(51008, 1200));
    coupling_affine_inverse_backward(weights, t_11, scale_6, t_12, partial_11, partial_12, d_z + 1 * BLOCK, d_log_q_each, t_13, t_14, workspace + FRAME(51008, 1200));
    for (int i = 0; i < BLOCK; i += LANES) {
        store_each(d_x_b + i, lanes_load(d_z + i) + lanes_load(t_13 + i), BLOCK - i);
    }
    /* backward of: flow.layers.1    double_well.yaml:11 */
    coupling_affine_inverse_backward(weights + 4418, t_9, scale_5, t_10, partial_9, partial_10, d_x_b, d_log_q_each, t_15, t_16, workspace + FRAME(51008, 1200));
    for (int i = 0; i < BLOCK; i += LANES) {
        store_each(d_x_b_2 + i, lanes_load(t_14 + i) + lanes_load(t_15 + i), BLOCK - i);
    }
    /* backward of: flow.layers.2    double_well.yaml:11 */
    coupling_affine_inverse_backward(weights + 8836, t_7, scale_4, t_8, partial_7, partial_8, d_x_b_2, d_log_q_each, t_17, t_18, workspace + FRAME(51008, 1200));
    for (int i = 0; i < BLOCK; i += LANES) {
        store_each(d_x_b_3 + i, lanes_load(t_16 + i) + lanes_load(t_17 + i), BLOCK - i);
    }
    /* backward of: flow.layers.3    double_well.yaml:11 */
    coupling_affine_inverse_backward(weights + 13254, t_5, scale_3, t_6, partial_5, partial_6, d_x_b_3, d_log_q_each, t_19, t_20, workspace + FRAME(51008, 1200));
    for (int i = 0; i < BLOCK; i += LANES) {
        store_each(d_x_b_4 + i, lanes_load(t_18 + i) + lanes_load(t_19 + i), BLOCK - i);
    }
    /* backward of: flow.layers.4    double_well.yaml:11 */
    coupling_affine_inverse_backward(weights + 17672, t_3, scale_2, t_4, partial_3, partial_4, d_x_b_4, d_log_q_each, t_21, t_22, workspace + FRAME(51008, 1200));
    for (int i = 0; i < BLOCK; i += LANES) {
        store_each(d_x_b_5 + i, lanes_load(t_20 + i) + lanes_load(t_21 + i), BLOCK - i);
    }
    /* backward of: flow.layers.5    double_well.yaml:11 */
    coupling_affine_inverse_backward(weights + 22090, t, scale, t_2, partial, partial_2, d_x_b_5, d_log_q_each, t_23, t_24, workspace + FRAME(51008, 1200));
    for (int i = 0; i < BLOCK; i += LANES) {
        store_each(t_25 + i, lanes_load(t_22 + i) + lanes_load(t_23 + i), BLOCK - i);
    }
    for (int s = 0; s < BLOCK; s += S_STEP) {
        store_row(d_x + 0 * BLOCK + s, load_row(t_24 + 0 * BLOCK + s));
    }
    for (int s = 0; s < BLOCK; s += S_STEP) {
        store_row(d_x + 1 * BLOCK + s, load_row(t_25 + 0 * BLOCK + s));
    }
    (void)kT;
    (void)loss_0_weight;
}
#ifndef DOUBLE_WELL_WITHOUT_SCORE

void MODEL(score)(const real *weights, const real *scalars, size_t count, const real *x, real *log_q, real *score, void *workspace, int threads)
{
    (void)threads;
    PARALLEL_FOR
    for (ptrdiff_t number = 0; number < block_count(count); number++) {
        const Block block = block_of(count, number, 0, 0, 0);
        real *const frame = (real *)workspace + ANSATZ_THREAD() * FRAME(59776, 1440);
        block_from_rows(&block, x, 2, frame);
        entry_score(weights, scalars[0], scalars[1], frame, frame + FRAME(128, 16), frame + FRAME(192, 32), frame + FRAME(320, 48));
        rows_from_block(&block, frame + FRAME(128, 16), 1, log_q);
        rows_from_block(&block, frame + FRAME(192, 32), 2, score);
    }
}
#endif
