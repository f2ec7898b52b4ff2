/* SPDX-License-Identifier: MIT-0 */
/* The model: from noise to samples and back.
 * Compiled from ring.yaml by ansatz 0.1.0. */
#include "ring_parts.h"

/* Standard normal: log p(z) = -|z|^2 / 2 - D/2 log(2 pi).    ring.yaml:6 */
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

/* Spline coupling: y_a = x_a, y_b = g(x_b; p(x_a)), g monotone; log|det J| = sum log g'. Durkan, Bekasov, Murray, Papamakarios 2019, eq. 4-8. p: a dense net 1 -> 32 -> 32 -> 59, silu; 20 bins of [-B, B], B = 4, the identity outside.    ring.yaml:8 */
static void coupling_spline(const real *weights, const real *x_a, const real *x_b, real *y_b, real *log_det, real *workspace)
{
    const real *const net_0_weight = weights + 0;
    const real *const net_0_bias = weights + 32;
    const real *const net_1_weight = weights + 64;
    const real *const net_1_bias = weights + 1088;
    const real *const net_2_weight = weights + 1120;
    const real *const net_2_bias = weights + WEIGHT(3008, 3168);
    real *const hidden = workspace + FRAME(0, 0);
    real *const hidden_2 = workspace + FRAME(2048, 32);
    real *const t = workspace + FRAME(4096, 64);
    real *const share = workspace + FRAME(0, 0);
    real *const t_2 = workspace + FRAME(1280, 32);
    real *const length_per_share = workspace + FRAME(2688, 160);
    real *const share_2 = workspace + FRAME(1344, 128);
    real *const t_3 = workspace + FRAME(2624, 48);
    real *const length_per_share_2 = workspace + FRAME(2752, 176);
    real *const shares_up_to = workspace + FRAME(2816, 32);
    real *const bin = workspace + FRAME(1280, 192);
    real *const t_4 = workspace + FRAME(2624, 32);
    real *const t_5 = workspace + FRAME(2816, 48);
    real *const t_6 = workspace + FRAME(2880, 208);
    real *const lower = workspace + FRAME(0, 0);
    real *const t_7 = workspace + FRAME(2944, 224);
    real *const height = workspace + FRAME(64, 16);
    real *const t_12 = workspace + FRAME(448, 32);
    real *const t_13 = workspace + FRAME(512, 48);
    real *const mean_slope = workspace + FRAME(128, 128);
    real *const t_8 = workspace + FRAME(192, 144);
    real *const t_9 = workspace + FRAME(256, 240);
    real *const t_10 = workspace + FRAME(320, 256);
    real *const t_11 = workspace + FRAME(384, 272);
    real *const t_14 = workspace + FRAME(576, 64);
    dense_32x1_sigmoid(net_0_weight, x_a, net_0_bias, hidden);
    dense_32x32_sigmoid(net_1_weight, hidden, net_1_bias, hidden_2);
    dense_59x32(net_2_weight, hidden_2, net_2_bias, t);
    for (int s = 0; s < BLOCK; s += S_STEP) {
        lanes v_sum_i = lanes_splat(REAL(0.0));
        lanes v_sum_i_2 = lanes_splat(REAL(0.0));
        for (int i = 0; i < 20; i += I_STEP) {
            const lanes min_i = lanes_min(lanes_max(lanes_load(t + i * BLOCK + s), lanes_splat(-REAL(3e+01))), lanes_splat(REAL(3e+01)));
            const lanes share_i = lanes_exp(min_i);
            store_each(share + i * BLOCK + s, share_i, 20 - i);
            v_sum_i = add_terms(v_sum_i, share_i, 20 - i);
            const lanes min_i_2 = lanes_min(lanes_max(lanes_load(t + (i + 20) * BLOCK + s), lanes_splat(-REAL(3e+01))), lanes_splat(REAL(3e+01)));
            const lanes share_i_2 = lanes_exp(min_i_2);
            store_each(share_2 + i * BLOCK + s, share_i_2, 20 - i);
            v_sum_i_2 = add_terms(v_sum_i_2, share_i_2, 20 - i);
        }
        store_row(t_2 + s, v_sum_i);
        store_row(t_3 + s, v_sum_i_2);
    }
    for (int i = 0; i < BLOCK; i += LANES) {
        store_each(length_per_share + i, REAL(7.84) / lanes_load(t_2 + i), BLOCK - i);
        store_each(length_per_share_2 + i, REAL(7.84) / lanes_load(t_3 + i), BLOCK - i);
    }
    for (int i = 0; i < 1; i++) {
        for (int k = 0; k < 1; k++) {
            for (int s = 0; s < BLOCK; s += S_STEP) {
                lanes sum = lanes_splat(REAL(0.0));
                for (int j = 0; j < 20; j++) {
                    const lanes term = load_row(share + (20 * i + j + k) * BLOCK + s);
                    sum = sum + term;
                    store_row(shares_up_to + (20 * i + j + k) * BLOCK + s, sum);
                }
            }
        }
    }
    for (int s = 0; s < BLOCK; s += S_STEP) {
        lanes bin_i = lanes_splat(REAL(0.0));
        for (int i = 0; i < 19; i += I_STEP) {
            const lanes knot_i = lanes_fma(lanes_load(shares_up_to + i * BLOCK + s), load_sample(length_per_share + s), load_feature(table_1 + i));
            const lanes to_real_i = lanes_select(lanes_less_equal(knot_i, load_sample(x_b + s)), lanes_splat(REAL(1.0)), lanes_splat(REAL(0.0)));
            bin_i = add_terms(bin_i, to_real_i, 19 - i);
        }
        store_row(bin + s, bin_i);
    }
    for (int s = 0; s < BLOCK; s += S_STEP) {
        lanes v_sum_i_3 = lanes_splat(REAL(0.0));
        lanes v_sum_i_4 = lanes_splat(REAL(0.0));
        lanes v_sum_i_5 = lanes_splat(REAL(0.0));
        lanes v_sum_i_6 = lanes_splat(REAL(0.0));
        for (int i = 0; i < 20; i += I_STEP) {
            const lanes x_i = load_feature(table_2 + i);
            const lanes bin_i_2 = load_sample(bin + s);
            const lanes_int is_below_i = lanes_less(x_i, bin_i_2);
            const lanes_int is_bin_i = lanes_equal(x_i, bin_i_2);
            const lanes share_i_3 = lanes_load(share + i * BLOCK + s);
            v_sum_i_3 = add_terms(v_sum_i_3, lanes_select(is_below_i, share_i_3, lanes_splat(REAL(0.0))), 20 - i);
            v_sum_i_4 = add_terms(v_sum_i_4, lanes_select(is_bin_i, share_i_3, lanes_splat(REAL(0.0))), 20 - i);
            const lanes share_i_4 = lanes_load(share_2 + i * BLOCK + s);
            v_sum_i_5 = add_terms(v_sum_i_5, lanes_select(is_below_i, share_i_4, lanes_splat(REAL(0.0))), 20 - i);
            v_sum_i_6 = add_terms(v_sum_i_6, lanes_select(is_bin_i, share_i_4, lanes_splat(REAL(0.0))), 20 - i);
        }
        store_row(t_4 + s, v_sum_i_3);
        store_row(t_5 + s, v_sum_i_4);
        store_row(t_6 + s, v_sum_i_5);
        store_row(t_7 + s, v_sum_i_6);
    }
    for (int i = 0; i < BLOCK; i += LANES) {
        const lanes v_sum_i_7 = lanes_fma(lanes_load(bin + i), lanes_splat(REAL(0.008)), lanes_splat(-REAL(4.0)));
        const lanes length_per_share_i = lanes_load(length_per_share + i);
        const lanes left_i = lanes_fma(lanes_load(t_4 + i), length_per_share_i, v_sum_i_7);
        const lanes width_i = lanes_fma(lanes_load(t_5 + i), length_per_share_i, lanes_splat(REAL(0.008)));
        const lanes length_per_share_i_2 = lanes_load(length_per_share_2 + i);
        store_each(lower + i, lanes_fma(lanes_load(t_6 + i), length_per_share_i_2, v_sum_i_7), BLOCK - i);
        const lanes height_i = lanes_fma(lanes_load(t_7 + i), length_per_share_i_2, lanes_splat(REAL(0.008)));
        store_each(height + i, height_i, BLOCK - i);
        const lanes mean_slope_i = height_i / width_i;
        store_each(mean_slope + i, mean_slope_i, BLOCK - i);
        const lanes theta_i = lanes_min(lanes_max((lanes_load(x_b + i) - left_i) / width_i, lanes_splat(REAL(0.0))), lanes_splat(REAL(1.0)));
        const lanes difference_i = REAL(1.0) - theta_i;
        const lanes product_i = theta_i * difference_i;
        store_each(t_8 + i, product_i, BLOCK - i);
        store_each(t_9 + i, theta_i * theta_i, BLOCK - i);
        store_each(t_10 + i, mean_slope_i * product_i * REAL(2.0), BLOCK - i);
        store_each(t_11 + i, difference_i * difference_i, BLOCK - i);
    }
    for (int s = 0; s < BLOCK; s += S_STEP) {
        lanes v_sum_i_8 = lanes_splat(REAL(0.0));
        lanes v_sum_i_9 = lanes_splat(REAL(0.0));
        for (int i = 0; i < 19; i += I_STEP) {
            const lanes bin_i_3 = load_sample(bin + s);
            const lanes x_i_2 = lanes_load(t + (i + 40) * BLOCK + s);
            const lanes choice_i = lanes_select(lanes_equal(load_feature(table_3 + i), bin_i_3), x_i_2, lanes_splat(REAL(0.0)));
            v_sum_i_8 = add_terms(v_sum_i_8, choice_i, 19 - i);
            const lanes choice_i_2 = lanes_select(lanes_equal(load_feature(table_4 + i), bin_i_3), x_i_2, lanes_splat(REAL(0.0)));
            v_sum_i_9 = add_terms(v_sum_i_9, choice_i_2, 19 - i);
        }
        store_row(t_12 + s, v_sum_i_8);
        store_row(t_13 + s, v_sum_i_9);
    }
    for (int i = 0; i < BLOCK; i += LANES) {
        const lanes slope_left_i = lanes_softplus(lanes_load(t_12 + i) + REAL(0.539742417236952)) + REAL(0.001);
        const lanes slope_right_i = lanes_softplus(lanes_load(t_13 + i) + REAL(0.539742417236952)) + REAL(0.001);
        const lanes mean_slope_i_2 = lanes_load(mean_slope + i);
        const lanes bend_i = lanes_fma(mean_slope_i_2, lanes_splat(-REAL(2.0)), slope_left_i + slope_right_i);
        const lanes x_i_3 = lanes_load(t_8 + i);
        const lanes denominator_i = lanes_fma(bend_i, x_i_3, mean_slope_i_2);
        const lanes x_i_4 = lanes_load(t_9 + i);
        const lanes product_i_2 = lanes_load(height + i) * lanes_fma(mean_slope_i_2, x_i_4, slope_left_i * x_i_3);
        const lanes v_sum_i_10 = lanes_fma(slope_left_i, lanes_load(t_11 + i), lanes_fma(slope_right_i, x_i_4, lanes_load(t_10 + i)));
        const lanes ratio_i = mean_slope_i_2 / denominator_i;
        const lanes log_slope_i = lanes_log(ratio_i * ratio_i * v_sum_i_10);
        const lanes x_b_i = lanes_load(x_b + i);
        const lanes_int inside_i = lanes_less(lanes_abs(x_b_i), lanes_splat(REAL(4.0)));
        store_each(t_14 + i, lanes_select(inside_i, log_slope_i, lanes_splat(REAL(0.0))), BLOCK - i);
        store_each(y_b + i, lanes_select(inside_i, lanes_load(lower + i) + product_i_2 / denominator_i, x_b_i), BLOCK - i);
    }
    for (int i = 0; i < BLOCK; i += LANES) {
        store_each(log_det + i, lanes_load(t_14 + i), BLOCK - i);
    }
}

/* Back to the data's units: x = mean + scale y; log|det J| = sum log scale.    ring.yaml:10 */
static void restore_units(const real *weights, const real *y, real *x, real *log_det)
{
    const real *const mean = weights + 0;
    const real *const scale = weights + WEIGHT(2, 16);
    for (int i = 0; i < 2; i += I_STEP)
        for (int s = 0; s < BLOCK; s += S_STEP) {
            store_each(x + i * BLOCK + s, lanes_fma(load_feature(scale + i), lanes_load(y + i * BLOCK + s), load_feature(mean + i)), 2 - i);
        }
    real v_sum_value = REAL(0.0);
    for (int i = 0; i < 2; i++) {
        v_sum_value = v_sum_value + real_log(scale[i]);
    }
    log_det[0] = v_sum_value;
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
    real *const x_2 = workspace + FRAME(512, 64);
    real log_det_5;
    block_draw_normal(block, RANDOM_SAMPLE, 0, 2, z);
    gaussian_log_prob(z, log_q_2, workspace + FRAME(640, 128));
    /* flow.layers.0    ring.yaml:8 */
    coupling_spline(weights, z, z + 1 * BLOCK, y_b, log_det, workspace + FRAME(640, 128));
    /* flow.layers.1    ring.yaml:8 */
    coupling_spline(weights + WEIGHT(3067, 3232), y_b, z, y_b_2, log_det_2, workspace + FRAME(640, 128));
    /* flow.layers.2    ring.yaml:8 */
    coupling_spline(weights + WEIGHT(6134, 6464), y_b_2, y_b, y_b_3, log_det_3, workspace + FRAME(640, 128));
    /* flow.layers.3    ring.yaml:8 */
    coupling_spline(weights + WEIGHT(9201, 9696), y_b_3, y_b_2, y_b_4, log_det_4, workspace + FRAME(640, 128));
    for (int s = 0; s < BLOCK; s += S_STEP) {
        store_row(x_2 + 0 * BLOCK + s, load_row(y_b_4 + 0 * BLOCK + s));
    }
    for (int s = 0; s < BLOCK; s += S_STEP) {
        store_row(x_2 + 1 * BLOCK + s, load_row(y_b_3 + 0 * BLOCK + s));
    }
    restore_units(weights + WEIGHT(12268, 12928), x_2, x, &log_det_5);
    for (int i = 0; i < BLOCK; i += LANES) {
        const lanes log_q_i = lanes_load(log_q_2 + i) - lanes_load(log_det + i);
        const lanes log_q_i_2 = log_q_i - lanes_load(log_det_2 + i);
        const lanes log_q_i_3 = log_q_i_2 - lanes_load(log_det_3 + i);
        const lanes log_q_i_4 = log_q_i_3 - lanes_load(log_det_4 + i);
        store_each(log_q + i, log_q_i_4 - log_det_5, BLOCK - i);
    }
    (void)kT;
    (void)loss_0_weight;
}

/* Standardised data: y = (x - mean) / scale; log|det J| = -sum log scale.    ring.yaml:10 */
void standardise(const real *weights, const real *x, real *y, real *log_det)
{
    const real *const mean = weights + 0;
    const real *const scale = weights + WEIGHT(2, 16);
    for (int i = 0; i < 2; i += I_STEP)
        for (int s = 0; s < BLOCK; s += S_STEP) {
            store_each(y + i * BLOCK + s, (lanes_load(x + i * BLOCK + s) - load_feature(mean + i)) / load_feature(scale + i), 2 - i);
        }
    real t = REAL(0.0);
    for (int i = 0; i < 2; i++) {
        t = t + real_log(scale[i]);
    }
    log_det[0] = -t;
}

/* Inverse of a spline coupling: x_a = y_a, x_b = g^-1(y_b; p(x_a)); log|det J| = -sum log g'(x_b). Durkan, Bekasov, Murray, Papamakarios 2019, eq. 4-8. p: a dense net 1 -> 32 -> 32 -> 59, silu; 20 bins of [-B, B], B = 4, the identity outside.    ring.yaml:8 */
static void coupling_spline_inverse(const real *weights, const real *x_a, const real *y_b, real *x_b, real *log_det, real *workspace)
{
    const real *const net_0_weight = weights + 0;
    const real *const net_0_bias = weights + 32;
    const real *const net_1_weight = weights + 64;
    const real *const net_1_bias = weights + 1088;
    const real *const net_2_weight = weights + 1120;
    const real *const net_2_bias = weights + WEIGHT(3008, 3168);
    real *const hidden = workspace + FRAME(0, 0);
    real *const hidden_2 = workspace + FRAME(2048, 32);
    real *const t = workspace + FRAME(4096, 64);
    real *const share = workspace + FRAME(0, 0);
    real *const t_2 = workspace + FRAME(1280, 32);
    real *const length_per_share = workspace + FRAME(2688, 160);
    real *const share_2 = workspace + FRAME(1344, 128);
    real *const t_3 = workspace + FRAME(2624, 48);
    real *const length_per_share_2 = workspace + FRAME(2752, 176);
    real *const shares_up_to = workspace + FRAME(2816, 32);
    real *const bin = workspace + FRAME(1280, 192);
    real *const t_4 = workspace + FRAME(2624, 32);
    real *const left = workspace + FRAME(0, 0);
    real *const t_5 = workspace + FRAME(2816, 48);
    real *const width = workspace + FRAME(64, 16);
    real *const t_6 = workspace + FRAME(2880, 208);
    real *const t_7 = workspace + FRAME(2944, 224);
    real *const height = workspace + FRAME(128, 128);
    real *const t_10 = workspace + FRAME(448, 32);
    real *const t_11 = workspace + FRAME(512, 48);
    real *const mean_slope = workspace + FRAME(192, 144);
    real *const t_8 = workspace + FRAME(256, 240);
    real *const minus_c = workspace + FRAME(320, 256);
    real *const t_9 = workspace + FRAME(384, 272);
    real *const t_12 = workspace + FRAME(576, 64);
    dense_32x1_sigmoid(net_0_weight, x_a, net_0_bias, hidden);
    dense_32x32_sigmoid(net_1_weight, hidden, net_1_bias, hidden_2);
    dense_59x32(net_2_weight, hidden_2, net_2_bias, t);
    for (int s = 0; s < BLOCK; s += S_STEP) {
        lanes v_sum_i = lanes_splat(REAL(0.0));
        lanes v_sum_i_2 = lanes_splat(REAL(0.0));
        for (int i = 0; i < 20; i += I_STEP) {
            const lanes min_i = lanes_min(lanes_max(lanes_load(t + i * BLOCK + s), lanes_splat(-REAL(3e+01))), lanes_splat(REAL(3e+01)));
            const lanes share_i = lanes_exp(min_i);
            store_each(share + i * BLOCK + s, share_i, 20 - i);
            v_sum_i = add_terms(v_sum_i, share_i, 20 - i);
            const lanes min_i_2 = lanes_min(lanes_max(lanes_load(t + (i + 20) * BLOCK + s), lanes_splat(-REAL(3e+01))), lanes_splat(REAL(3e+01)));
            const lanes share_i_2 = lanes_exp(min_i_2);
            store_each(share_2 + i * BLOCK + s, share_i_2, 20 - i);
            v_sum_i_2 = add_terms(v_sum_i_2, share_i_2, 20 - i);
        }
        store_row(t_2 + s, v_sum_i);
        store_row(t_3 + s, v_sum_i_2);
    }
    for (int i = 0; i < BLOCK; i += LANES) {
        store_each(length_per_share + i, REAL(7.84) / lanes_load(t_2 + i), BLOCK - i);
        store_each(length_per_share_2 + i, REAL(7.84) / lanes_load(t_3 + i), BLOCK - i);
    }
    for (int i = 0; i < 1; i++) {
        for (int k = 0; k < 1; k++) {
            for (int s = 0; s < BLOCK; s += S_STEP) {
                lanes sum = lanes_splat(REAL(0.0));
                for (int j = 0; j < 20; j++) {
                    const lanes term = load_row(share_2 + (20 * i + j + k) * BLOCK + s);
                    sum = sum + term;
                    store_row(shares_up_to + (20 * i + j + k) * BLOCK + s, sum);
                }
            }
        }
    }
    for (int s = 0; s < BLOCK; s += S_STEP) {
        lanes bin_i = lanes_splat(REAL(0.0));
        for (int i = 0; i < 19; i += I_STEP) {
            const lanes knot_i = lanes_fma(lanes_load(shares_up_to + i * BLOCK + s), load_sample(length_per_share_2 + s), load_feature(table_1 + i));
            const lanes to_real_i = lanes_select(lanes_less_equal(knot_i, load_sample(y_b + s)), lanes_splat(REAL(1.0)), lanes_splat(REAL(0.0)));
            bin_i = add_terms(bin_i, to_real_i, 19 - i);
        }
        store_row(bin + s, bin_i);
    }
    for (int s = 0; s < BLOCK; s += S_STEP) {
        lanes v_sum_i_3 = lanes_splat(REAL(0.0));
        lanes v_sum_i_4 = lanes_splat(REAL(0.0));
        lanes v_sum_i_5 = lanes_splat(REAL(0.0));
        lanes v_sum_i_6 = lanes_splat(REAL(0.0));
        for (int i = 0; i < 20; i += I_STEP) {
            const lanes x_i = load_feature(table_2 + i);
            const lanes bin_i_2 = load_sample(bin + s);
            const lanes_int is_below_i = lanes_less(x_i, bin_i_2);
            const lanes_int is_bin_i = lanes_equal(x_i, bin_i_2);
            const lanes share_i_3 = lanes_load(share + i * BLOCK + s);
            v_sum_i_3 = add_terms(v_sum_i_3, lanes_select(is_below_i, share_i_3, lanes_splat(REAL(0.0))), 20 - i);
            v_sum_i_4 = add_terms(v_sum_i_4, lanes_select(is_bin_i, share_i_3, lanes_splat(REAL(0.0))), 20 - i);
            const lanes share_i_4 = lanes_load(share_2 + i * BLOCK + s);
            v_sum_i_5 = add_terms(v_sum_i_5, lanes_select(is_below_i, share_i_4, lanes_splat(REAL(0.0))), 20 - i);
            v_sum_i_6 = add_terms(v_sum_i_6, lanes_select(is_bin_i, share_i_4, lanes_splat(REAL(0.0))), 20 - i);
        }
        store_row(t_4 + s, v_sum_i_3);
        store_row(t_5 + s, v_sum_i_4);
        store_row(t_6 + s, v_sum_i_5);
        store_row(t_7 + s, v_sum_i_6);
    }
    for (int i = 0; i < BLOCK; i += LANES) {
        const lanes v_sum_i_7 = lanes_fma(lanes_load(bin + i), lanes_splat(REAL(0.008)), lanes_splat(-REAL(4.0)));
        const lanes length_per_share_i = lanes_load(length_per_share + i);
        store_each(left + i, lanes_fma(lanes_load(t_4 + i), length_per_share_i, v_sum_i_7), BLOCK - i);
        const lanes width_i = lanes_fma(lanes_load(t_5 + i), length_per_share_i, lanes_splat(REAL(0.008)));
        store_each(width + i, width_i, BLOCK - i);
        const lanes length_per_share_i_2 = lanes_load(length_per_share_2 + i);
        const lanes lower_i = lanes_fma(lanes_load(t_6 + i), length_per_share_i_2, v_sum_i_7);
        const lanes height_i = lanes_fma(lanes_load(t_7 + i), length_per_share_i_2, lanes_splat(REAL(0.008)));
        store_each(height + i, height_i, BLOCK - i);
        const lanes mean_slope_i = height_i / width_i;
        store_each(mean_slope + i, mean_slope_i, BLOCK - i);
        const lanes t_i = lanes_min(lanes_max(lanes_load(y_b + i) - lower_i, lanes_splat(REAL(0.0))), height_i);
        store_each(t_8 + i, t_i, BLOCK - i);
        const lanes minus_c_i = mean_slope_i * t_i;
        store_each(minus_c + i, minus_c_i, BLOCK - i);
        store_each(t_9 + i, minus_c_i * REAL(2.0), BLOCK - i);
    }
    for (int s = 0; s < BLOCK; s += S_STEP) {
        lanes v_sum_i_8 = lanes_splat(REAL(0.0));
        lanes v_sum_i_9 = lanes_splat(REAL(0.0));
        for (int i = 0; i < 19; i += I_STEP) {
            const lanes bin_i_3 = load_sample(bin + s);
            const lanes x_i_2 = lanes_load(t + (i + 40) * BLOCK + s);
            const lanes choice_i = lanes_select(lanes_equal(load_feature(table_3 + i), bin_i_3), x_i_2, lanes_splat(REAL(0.0)));
            v_sum_i_8 = add_terms(v_sum_i_8, choice_i, 19 - i);
            const lanes choice_i_2 = lanes_select(lanes_equal(load_feature(table_4 + i), bin_i_3), x_i_2, lanes_splat(REAL(0.0)));
            v_sum_i_9 = add_terms(v_sum_i_9, choice_i_2, 19 - i);
        }
        store_row(t_10 + s, v_sum_i_8);
        store_row(t_11 + s, v_sum_i_9);
    }
    for (int i = 0; i < BLOCK; i += LANES) {
        const lanes slope_left_i = lanes_softplus(lanes_load(t_10 + i) + REAL(0.539742417236952)) + REAL(0.001);
        const lanes slope_right_i = lanes_softplus(lanes_load(t_11 + i) + REAL(0.539742417236952)) + REAL(0.001);
        const lanes mean_slope_i_2 = lanes_load(mean_slope + i);
        const lanes bend_i = lanes_fma(mean_slope_i_2, lanes_splat(-REAL(2.0)), slope_left_i + slope_right_i);
        const lanes product_i = lanes_load(t_8 + i) * bend_i;
        const lanes height_i_2 = lanes_load(height + i);
        const lanes a_i = lanes_fma(height_i_2, mean_slope_i_2 - slope_left_i, product_i);
        const lanes b_i = lanes_fma(height_i_2, slope_left_i, -product_i);
        const lanes v_max_i = lanes_max(lanes_fma(b_i, b_i, a_i * lanes_load(minus_c + i) * REAL(4.0)), lanes_splat(REAL(0.0)));
        const lanes theta_i = lanes_load(t_9 + i) / (b_i + lanes_sqrt(v_max_i));
        const lanes difference_i = REAL(1.0) - theta_i;
        const lanes product_i_2 = theta_i * difference_i;
        const lanes denominator_i = lanes_fma(bend_i, product_i_2, mean_slope_i_2);
        const lanes v_sum_i_10 = lanes_fma(slope_right_i, theta_i * theta_i, mean_slope_i_2 * product_i_2 * REAL(2.0));
        const lanes ratio_i = mean_slope_i_2 / denominator_i;
        const lanes product_i_3 = ratio_i * ratio_i * lanes_fma(slope_left_i, difference_i * difference_i, v_sum_i_10);
        const lanes log_slope_i = lanes_log(product_i_3);
        const lanes y_b_i = lanes_load(y_b + i);
        const lanes_int inside_i = lanes_less(lanes_abs(y_b_i), lanes_splat(REAL(4.0)));
        store_each(x_b + i, lanes_select(inside_i, lanes_fma(theta_i, lanes_load(width + i), lanes_load(left + i)), y_b_i), BLOCK - i);
        store_each(t_12 + i, -lanes_select(inside_i, log_slope_i, lanes_splat(REAL(0.0))), BLOCK - i);
    }
    for (int i = 0; i < BLOCK; i += LANES) {
        store_each(log_det + i, lanes_load(t_12 + i), BLOCK - i);
    }
}

static void entry_log_prob(const real *weights, const real kT, const real loss_0_weight, const real *x, real *log_q, real *workspace)
{
    real *const y = workspace + FRAME(0, 0);
    real log_q_2;
    real *const x_b = workspace + FRAME(128, 16);
    real *const log_det = workspace + FRAME(192, 32);
    real *const x_b_2 = workspace + FRAME(256, 48);
    real *const log_det_2 = workspace + FRAME(320, 64);
    real *const x_b_3 = workspace + FRAME(0, 0);
    real *const log_det_3 = workspace + FRAME(64, 80);
    real *const x_b_4 = workspace + FRAME(128, 16);
    real *const log_det_4 = workspace + FRAME(384, 96);
    real *const z = workspace + FRAME(448, 48);
    real *const t = workspace + FRAME(0, 0);
    standardise(weights + WEIGHT(12268, 12928), x, y, &log_q_2);
    /* flow.layers.3    ring.yaml:8 */
    coupling_spline_inverse(weights + WEIGHT(9201, 9696), y + 1 * BLOCK, y, x_b, log_det, workspace + FRAME(576, 112));
    /* flow.layers.2    ring.yaml:8 */
    coupling_spline_inverse(weights + WEIGHT(6134, 6464), x_b, y + 1 * BLOCK, x_b_2, log_det_2, workspace + FRAME(576, 112));
    /* flow.layers.1    ring.yaml:8 */
    coupling_spline_inverse(weights + WEIGHT(3067, 3232), x_b_2, x_b, x_b_3, log_det_3, workspace + FRAME(576, 112));
    /* flow.layers.0    ring.yaml:8 */
    coupling_spline_inverse(weights, x_b_3, x_b_2, x_b_4, log_det_4, workspace + FRAME(576, 112));
    for (int s = 0; s < BLOCK; s += S_STEP) {
        store_row(z + 0 * BLOCK + s, load_row(x_b_3 + 0 * BLOCK + s));
    }
    for (int s = 0; s < BLOCK; s += S_STEP) {
        store_row(z + 1 * BLOCK + s, load_row(x_b_4 + 0 * BLOCK + s));
    }
    gaussian_log_prob(z, t, workspace + FRAME(576, 112));
    for (int i = 0; i < BLOCK; i += LANES) {
        const lanes log_q_i = log_q_2 + lanes_load(log_det + i);
        const lanes log_q_i_2 = log_q_i + lanes_load(log_det_2 + i);
        const lanes log_q_i_3 = log_q_i_2 + lanes_load(log_det_3 + i);
        const lanes log_q_i_4 = log_q_i_3 + lanes_load(log_det_4 + i);
        store_each(log_q + i, log_q_i_4 + lanes_load(t + i), BLOCK - i);
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
        real *const frame = (real *)workspace + ANSATZ_THREAD() * FRAME(8704, 464);
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
        real *const frame = (real *)workspace + ANSATZ_THREAD() * FRAME(8640, 448);
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
    prepare_matrix(weights + 0, 32, 1, prepared + 0); /* flow.layers.0.net.0.weight */
    copy_reals(prepared + 32, weights + 32, 32);
    prepare_matrix(weights + 64, 32, 32, prepared + 64); /* flow.layers.0.net.1.weight */
    copy_reals(prepared + 1088, weights + 1088, 32);
    prepare_matrix(weights + 1120, 59, 32, prepared + 1120); /* flow.layers.0.net.2.weight */
    copy_reals(prepared + 3168, weights + 3008, 59);
    prepare_matrix(weights + 3067, 32, 1, prepared + 3232); /* flow.layers.1.net.0.weight */
    copy_reals(prepared + 3264, weights + 3099, 32);
    prepare_matrix(weights + 3131, 32, 32, prepared + 3296); /* flow.layers.1.net.1.weight */
    copy_reals(prepared + 4320, weights + 4155, 32);
    prepare_matrix(weights + 4187, 59, 32, prepared + 4352); /* flow.layers.1.net.2.weight */
    copy_reals(prepared + 6400, weights + 6075, 59);
    prepare_matrix(weights + 6134, 32, 1, prepared + 6464); /* flow.layers.2.net.0.weight */
    copy_reals(prepared + 6496, weights + 6166, 32);
    prepare_matrix(weights + 6198, 32, 32, prepared + 6528); /* flow.layers.2.net.1.weight */
    copy_reals(prepared + 7552, weights + 7222, 32);
    prepare_matrix(weights + 7254, 59, 32, prepared + 7584); /* flow.layers.2.net.2.weight */
    copy_reals(prepared + 9632, weights + 9142, 59);
    prepare_matrix(weights + 9201, 32, 1, prepared + 9696); /* flow.layers.3.net.0.weight */
    copy_reals(prepared + 9728, weights + 9233, 32);
    prepare_matrix(weights + 9265, 32, 32, prepared + 9760); /* flow.layers.3.net.1.weight */
    copy_reals(prepared + 10784, weights + 10289, 32);
    prepare_matrix(weights + 10321, 59, 32, prepared + 10816); /* flow.layers.3.net.2.weight */
    copy_reals(prepared + 12864, weights + 12209, 59);
    copy_reals(prepared + 12928, weights + 12268, 2);
    copy_reals(prepared + 12944, weights + 12270, 2);
#else
    copy_reals(prepared, weights, 12272);
#endif
}

#endif
