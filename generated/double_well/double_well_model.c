/* SPDX-License-Identifier: MIT-0 */
/* The model: from noise to samples and back.
 * Compiled from double_well.yaml by ansatz 0.1.0. */
#include "double_well_parts.h"

/* Standard normal: log p(z) = -|z|^2 / 2 - D/2 log(2 pi).    double_well.yaml:9 */
void gaussian_log_prob(const real *z, real *log_prob, real *workspace)
{
    real *const squares = workspace + FRAME(0, 0);
    for (int s = 0; s < BLOCK; s += S_STEP) {
        lanes squares_i = lanes_splat(REAL(0.0));
        for (int i = 0; i < 2; i += I_STEP) {
            const lanes z_i = lanes_load(z + i * BLOCK + s);
            squares_i = add_terms(squares_i, z_i * z_i, 2 - i);
        }
        store_row(squares + s, squares_i);
    }
    for (int i = 0; i < BLOCK; i += LANES) {
        store_each(log_prob + i, lanes_fma(lanes_load(squares + i), lanes_splat(-REAL(0.5)), lanes_splat(-REAL(1.8378770664093456))), BLOCK - i);
    }
}

/* Affine coupling: y_a = x_a, y_b = x_b exp(s(x_a)) + t(x_a); log|det J| = sum s. Dinh, Sohl-Dickstein, Bengio 2017, eq. 7-8. (s, t): a dense net 1 -> 64 -> 64 -> 2, silu; s = B tanh(raw / B), B = 2.    double_well.yaml:11 */
static void coupling_affine(const real *weights, const real *x_a, const real *x_b, real *y_b, real *log_det, real *workspace)
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
    real *const log_scale = workspace + FRAME(128, 16);
    dense_64x1_sigmoid(net_0_weight, x_a, net_0_bias, hidden);
    dense_64x64_sigmoid(net_1_weight, hidden, net_1_bias, hidden_2);
    dense_2x64(net_2_weight, hidden_2, net_2_bias, t);
    for (int i = 0; i < BLOCK; i += LANES) {
        const lanes log_scale_i = lanes_tanh(lanes_load(t + i) * REAL(0.5)) * REAL(2.0);
        store_each(log_scale + i, log_scale_i, BLOCK - i);
        const lanes scale_i = lanes_exp(log_scale_i);
        store_each(y_b + i, lanes_fma(lanes_load(x_b + i), scale_i, lanes_load(t + 1 * BLOCK + i)), BLOCK - i);
    }
    for (int i = 0; i < BLOCK; i += LANES) {
        store_each(log_det + i, lanes_load(log_scale + i), BLOCK - i);
    }
}

static void entry_sample(const Block *block, const real *weights, const real kT, const real loss_0_weight, real *x, real *log_q, real *workspace)
{
    real *const z = workspace + FRAME(0, 0);
    real *const log_q_2 = workspace + FRAME(128, 16);
    real *const y_b = workspace + FRAME(192, 32);
    real *const log_det = workspace + FRAME(256, 48);
    real *const y_b_2 = workspace + FRAME(320, 64);
    real *const log_det_2 = workspace + FRAME(384, 80);
    real *const y_b_3 = workspace + FRAME(0, 0);
    real *const log_det_3 = workspace + FRAME(64, 96);
    real *const y_b_4 = workspace + FRAME(192, 32);
    real *const log_det_4 = workspace + FRAME(448, 112);
    real *const y_b_5 = workspace + FRAME(320, 64);
    real *const log_det_5 = workspace + FRAME(512, 128);
    real *const y_b_6 = workspace + FRAME(0, 0);
    real *const log_det_6 = workspace + FRAME(576, 144);
    block_draw_normal(block, RANDOM_SAMPLE, 0, 2, z);
    gaussian_log_prob(z, log_q_2, workspace + FRAME(640, 160));
    /* flow.layers.0    double_well.yaml:11 */
    coupling_affine(weights, z, z + 1 * BLOCK, y_b, log_det, workspace + FRAME(640, 160));
    /* flow.layers.1    double_well.yaml:11 */
    coupling_affine(weights + WEIGHT(4418, 4432), y_b, z, y_b_2, log_det_2, workspace + FRAME(640, 160));
    /* flow.layers.2    double_well.yaml:11 */
    coupling_affine(weights + WEIGHT(8836, 8864), y_b_2, y_b, y_b_3, log_det_3, workspace + FRAME(640, 160));
    /* flow.layers.3    double_well.yaml:11 */
    coupling_affine(weights + WEIGHT(13254, 13296), y_b_3, y_b_2, y_b_4, log_det_4, workspace + FRAME(640, 160));
    /* flow.layers.4    double_well.yaml:11 */
    coupling_affine(weights + WEIGHT(17672, 17728), y_b_4, y_b_3, y_b_5, log_det_5, workspace + FRAME(640, 160));
    /* flow.layers.5    double_well.yaml:11 */
    coupling_affine(weights + WEIGHT(22090, 22160), y_b_5, y_b_4, y_b_6, log_det_6, workspace + FRAME(640, 160));
    for (int i = 0; i < BLOCK; i += LANES) {
        const lanes log_q_i = lanes_load(log_q_2 + i) - lanes_load(log_det + i);
        const lanes log_q_i_2 = log_q_i - lanes_load(log_det_2 + i);
        const lanes log_q_i_3 = log_q_i_2 - lanes_load(log_det_3 + i);
        const lanes log_q_i_4 = log_q_i_3 - lanes_load(log_det_4 + i);
        const lanes log_q_i_5 = log_q_i_4 - lanes_load(log_det_5 + i);
        store_each(log_q + i, log_q_i_5 - lanes_load(log_det_6 + i), BLOCK - i);
    }
    for (int s = 0; s < BLOCK; s += S_STEP) {
        store_row(x + 0 * BLOCK + s, load_row(y_b_6 + 0 * BLOCK + s));
    }
    for (int s = 0; s < BLOCK; s += S_STEP) {
        store_row(x + 1 * BLOCK + s, load_row(y_b_5 + 0 * BLOCK + s));
    }
    (void)kT;
    (void)loss_0_weight;
}

/* Inverse of an affine coupling: x_a = y_a, x_b = (y_b - t(x_a)) exp(-s(x_a)); log|det J| = -sum s. Dinh, Sohl-Dickstein, Bengio 2017, eq. 7-8. (s, t): a dense net 1 -> 64 -> 64 -> 2, silu; s = B tanh(raw / B), B = 2.    double_well.yaml:11 */
static void coupling_affine_inverse(const real *weights, const real *x_a, const real *y_b, real *x_b, real *log_det, real *workspace)
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
    dense_64x1_sigmoid(net_0_weight, x_a, net_0_bias, hidden);
    dense_64x64_sigmoid(net_1_weight, hidden, net_1_bias, hidden_2);
    dense_2x64(net_2_weight, hidden_2, net_2_bias, t);
    for (int i = 0; i < BLOCK; i += LANES) {
        const lanes product_i = lanes_tanh(lanes_load(t + i) * REAL(0.5)) * (-REAL(2.0));
        store_each(t_2 + i, product_i, BLOCK - i);
        const lanes scale_i = lanes_exp(product_i);
        store_each(x_b + i, (lanes_load(y_b + i) - lanes_load(t + 1 * BLOCK + i)) * scale_i, BLOCK - i);
    }
    for (int i = 0; i < BLOCK; i += LANES) {
        store_each(log_det + i, lanes_load(t_2 + i), BLOCK - i);
    }
}

static void entry_log_prob(const real *weights, const real kT, const real loss_0_weight, const real *x, real *log_q, real *workspace)
{
    real *const x_b = workspace + FRAME(0, 0);
    real *const log_q_2 = workspace + FRAME(64, 16);
    real *const x_b_2 = workspace + FRAME(128, 32);
    real *const log_det = workspace + FRAME(192, 48);
    real *const x_b_3 = workspace + FRAME(256, 64);
    real *const log_det_2 = workspace + FRAME(320, 80);
    real *const x_b_4 = workspace + FRAME(0, 0);
    real *const log_det_3 = workspace + FRAME(384, 96);
    real *const x_b_5 = workspace + FRAME(128, 32);
    real *const log_det_4 = workspace + FRAME(448, 112);
    real *const x_b_6 = workspace + FRAME(256, 64);
    real *const log_det_5 = workspace + FRAME(512, 128);
    real *const z = workspace + FRAME(576, 0);
    real *const t = workspace + FRAME(0, 32);
    /* flow.layers.5    double_well.yaml:11 */
    coupling_affine_inverse(weights + WEIGHT(22090, 22160), x + 1 * BLOCK, x, x_b, log_q_2, workspace + FRAME(704, 144));
    /* flow.layers.4    double_well.yaml:11 */
    coupling_affine_inverse(weights + WEIGHT(17672, 17728), x_b, x + 1 * BLOCK, x_b_2, log_det, workspace + FRAME(704, 144));
    /* flow.layers.3    double_well.yaml:11 */
    coupling_affine_inverse(weights + WEIGHT(13254, 13296), x_b_2, x_b, x_b_3, log_det_2, workspace + FRAME(704, 144));
    /* flow.layers.2    double_well.yaml:11 */
    coupling_affine_inverse(weights + WEIGHT(8836, 8864), x_b_3, x_b_2, x_b_4, log_det_3, workspace + FRAME(704, 144));
    /* flow.layers.1    double_well.yaml:11 */
    coupling_affine_inverse(weights + WEIGHT(4418, 4432), x_b_4, x_b_3, x_b_5, log_det_4, workspace + FRAME(704, 144));
    /* flow.layers.0    double_well.yaml:11 */
    coupling_affine_inverse(weights, x_b_5, x_b_4, x_b_6, log_det_5, workspace + FRAME(704, 144));
    for (int s = 0; s < BLOCK; s += S_STEP) {
        store_row(z + 0 * BLOCK + s, load_row(x_b_5 + 0 * BLOCK + s));
    }
    for (int s = 0; s < BLOCK; s += S_STEP) {
        store_row(z + 1 * BLOCK + s, load_row(x_b_6 + 0 * BLOCK + s));
    }
    gaussian_log_prob(z, t, workspace + FRAME(704, 144));
    for (int i = 0; i < BLOCK; i += LANES) {
        const lanes log_q_i = lanes_load(log_q_2 + i) + lanes_load(log_det + i);
        const lanes log_q_i_2 = log_q_i + lanes_load(log_det_2 + i);
        const lanes log_q_i_3 = log_q_i_2 + lanes_load(log_det_3 + i);
        const lanes log_q_i_4 = log_q_i_3 + lanes_load(log_det_4 + i);
        const lanes log_q_i_5 = log_q_i_4 + lanes_load(log_det_5 + i);
        store_each(log_q + i, log_q_i_5 + lanes_load(t + i), BLOCK - i);
    }
    (void)kT;
    (void)loss_0_weight;
}

void MODEL(sample)(const real *weights, const real *scalars, uint64_t seed, uint64_t first, size_t count, real *x, real *log_q, void *workspace, int threads)
{
    (void)threads;
    PARALLEL_FOR
    for (ptrdiff_t number = 0; number < block_count(count); number++) {
        const Block block = block_of(count, number, seed, first, 0);
        real *const frame = (real *)workspace + ANSATZ_THREAD() * FRAME(9024, 336);
        entry_sample(&block, weights, scalars[0], scalars[1], frame, frame + FRAME(128, 16), frame + FRAME(192, 32));
        rows_from_block(&block, frame, 2, x);
        rows_from_block(&block, frame + FRAME(128, 16), 1, log_q);
    }
}

void MODEL(log_prob)(const real *weights, const real *scalars, size_t count, const real *x, real *log_q, void *workspace, int threads)
{
    (void)threads;
    PARALLEL_FOR
    for (ptrdiff_t number = 0; number < block_count(count); number++) {
        const Block block = block_of(count, number, 0, 0, 0);
        real *const frame = (real *)workspace + ANSATZ_THREAD() * FRAME(9088, 320);
        block_from_rows(&block, x, 2, frame);
        entry_log_prob(weights, scalars[0], scalars[1], frame, frame + FRAME(128, 16), frame + FRAME(192, 32));
        rows_from_block(&block, frame + FRAME(128, 16), 1, log_q);
    }
}

#if ANSATZ_BLOCK == 1

/* The weights as one sample at a time reads them: in vector lanes, each tensor from a cache line on, matrices by
 * columns. */
void MODEL(prepare)(const real *weights, real *prepared)
{
#if LANES > 1
    prepare_matrix(weights + 0, 64, 1, prepared + 0); /* flow.layers.0.net.0.weight */
    copy_reals(prepared + 64, weights + 64, 64);
    prepare_matrix(weights + 128, 64, 64, prepared + 128); /* flow.layers.0.net.1.weight */
    copy_reals(prepared + 4224, weights + 4224, 64);
    prepare_matrix(weights + 4288, 2, 64, prepared + 4288); /* flow.layers.0.net.2.weight */
    copy_reals(prepared + 4416, weights + 4416, 2);
    prepare_matrix(weights + 4418, 64, 1, prepared + 4432); /* flow.layers.1.net.0.weight */
    copy_reals(prepared + 4496, weights + 4482, 64);
    prepare_matrix(weights + 4546, 64, 64, prepared + 4560); /* flow.layers.1.net.1.weight */
    copy_reals(prepared + 8656, weights + 8642, 64);
    prepare_matrix(weights + 8706, 2, 64, prepared + 8720); /* flow.layers.1.net.2.weight */
    copy_reals(prepared + 8848, weights + 8834, 2);
    prepare_matrix(weights + 8836, 64, 1, prepared + 8864); /* flow.layers.2.net.0.weight */
    copy_reals(prepared + 8928, weights + 8900, 64);
    prepare_matrix(weights + 8964, 64, 64, prepared + 8992); /* flow.layers.2.net.1.weight */
    copy_reals(prepared + 13088, weights + 13060, 64);
    prepare_matrix(weights + 13124, 2, 64, prepared + 13152); /* flow.layers.2.net.2.weight */
    copy_reals(prepared + 13280, weights + 13252, 2);
    prepare_matrix(weights + 13254, 64, 1, prepared + 13296); /* flow.layers.3.net.0.weight */
    copy_reals(prepared + 13360, weights + 13318, 64);
    prepare_matrix(weights + 13382, 64, 64, prepared + 13424); /* flow.layers.3.net.1.weight */
    copy_reals(prepared + 17520, weights + 17478, 64);
    prepare_matrix(weights + 17542, 2, 64, prepared + 17584); /* flow.layers.3.net.2.weight */
    copy_reals(prepared + 17712, weights + 17670, 2);
    prepare_matrix(weights + 17672, 64, 1, prepared + 17728); /* flow.layers.4.net.0.weight */
    copy_reals(prepared + 17792, weights + 17736, 64);
    prepare_matrix(weights + 17800, 64, 64, prepared + 17856); /* flow.layers.4.net.1.weight */
    copy_reals(prepared + 21952, weights + 21896, 64);
    prepare_matrix(weights + 21960, 2, 64, prepared + 22016); /* flow.layers.4.net.2.weight */
    copy_reals(prepared + 22144, weights + 22088, 2);
    prepare_matrix(weights + 22090, 64, 1, prepared + 22160); /* flow.layers.5.net.0.weight */
    copy_reals(prepared + 22224, weights + 22154, 64);
    prepare_matrix(weights + 22218, 64, 64, prepared + 22288); /* flow.layers.5.net.1.weight */
    copy_reals(prepared + 26384, weights + 26314, 64);
    prepare_matrix(weights + 26378, 2, 64, prepared + 26448); /* flow.layers.5.net.2.weight */
    copy_reals(prepared + 26576, weights + 26506, 2);
#else
    copy_reals(prepared, weights, 26508);
#endif
}

#endif
