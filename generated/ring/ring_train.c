/* SPDX-License-Identifier: MIT-0 */
/* One training step: the loss and its gradient in every weight.
 * Compiled from ring.yaml by ansatz 0.1.0. */
#include "ring_parts.h"

/* Inverse of a spline coupling: x_a = y_a, x_b = g^-1(y_b; p(x_a)); log|det J| = -sum log g'(x_b). Durkan, Bekasov, Murray, Papamakarios 2019, eq. 4-8. p: a dense net 1 -> 32 -> 32 -> 59, silu; 20 bins of [-B, B], B = 4, the identity outside.    ring.yaml:8 */
static void coupling_spline_inverse_forward(const real *weights, const real *x_a, const real *y_b, real *x_b, real *log_det, real *result, real *hidden, real *result_2, real *hidden_2, real *result_3, real *share, real *length_per_share, real *result_4, real *share_2, real *length_per_share_2, real *bin, real *result_5, real *result_6, real *result_7, real *result_8, real *result_9, real *slope_left, real *result_10, real *slope_right, real *mean_slope, real *result_11, real *theta, real *result_12, real *result_13, real *workspace)
{
    const real *const net_0_weight = weights + 0;
    const real *const net_0_bias = weights + 32;
    const real *const net_1_weight = weights + 64;
    const real *const net_1_bias = weights + 1088;
    const real *const net_2_weight = weights + 1120;
    const real *const net_2_bias = weights + 3008;
    real *const t = workspace + FRAME(0, 0);
    real *const t_2 = workspace + FRAME(3776, 64);
    real *const t_3 = workspace + FRAME(3840, 80);
    real *const shares_up_to = workspace + FRAME(3776, 64);
    real *const left = workspace + FRAME(3776, 64);
    real *const width = workspace + FRAME(3840, 80);
    real *const height = workspace + FRAME(3904, 96);
    real *const t_6 = workspace + FRAME(4160, 160);
    real *const t_7 = workspace + FRAME(4224, 176);
    real *const t_4 = workspace + FRAME(3968, 112);
    real *const minus_c = workspace + FRAME(4032, 128);
    real *const t_5 = workspace + FRAME(4096, 144);
    real *const t_8 = workspace + FRAME(4288, 192);
    dense_32x1_sigmoid_2(net_0_weight, x_a, net_0_bias, result, hidden);
    dense_32x32_sigmoid_2(net_1_weight, hidden, net_1_bias, result_2, hidden_2);
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
        store_row(result_5 + s, v_sum_i_3);
        store_row(result_6 + s, v_sum_i_4);
        store_row(result_7 + s, v_sum_i_5);
        store_row(result_8 + s, v_sum_i_6);
    }
    for (int i = 0; i < BLOCK; i += LANES) {
        const lanes v_sum_i_7 = lanes_fma(lanes_load(bin + i), lanes_splat(REAL(0.008)), lanes_splat(-REAL(4.0)));
        const lanes length_per_share_i = lanes_load(length_per_share + i);
        store_each(left + i, lanes_fma(lanes_load(result_5 + i), length_per_share_i, v_sum_i_7), BLOCK - i);
        const lanes width_i = lanes_fma(lanes_load(result_6 + i), length_per_share_i, lanes_splat(REAL(0.008)));
        store_each(width + i, width_i, BLOCK - i);
        const lanes length_per_share_i_2 = lanes_load(length_per_share_2 + i);
        const lanes lower_i = lanes_fma(lanes_load(result_7 + i), length_per_share_i_2, v_sum_i_7);
        const lanes height_i = lanes_fma(lanes_load(result_8 + i), length_per_share_i_2, lanes_splat(REAL(0.008)));
        store_each(height + i, height_i, BLOCK - i);
        const lanes mean_slope_i = height_i / width_i;
        store_each(mean_slope + i, mean_slope_i, BLOCK - i);
        const lanes t_i = lanes_min(lanes_max(lanes_load(y_b + i) - lower_i, lanes_splat(REAL(0.0))), height_i);
        store_each(t_4 + i, t_i, BLOCK - i);
        const lanes minus_c_i = mean_slope_i * t_i;
        store_each(minus_c + i, minus_c_i, BLOCK - i);
        store_each(t_5 + i, minus_c_i * REAL(2.0), BLOCK - i);
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
        store_row(t_6 + s, v_sum_i_8);
        store_row(t_7 + s, v_sum_i_9);
    }
    for (int i = 0; i < BLOCK; i += LANES) {
        const lanes v_sum_i_10 = lanes_load(t_6 + i) + REAL(0.539742417236952);
        store_each(result_9 + i, v_sum_i_10, BLOCK - i);
        const lanes slope_left_i = lanes_softplus(v_sum_i_10) + REAL(0.001);
        store_each(slope_left + i, slope_left_i, BLOCK - i);
        const lanes v_sum_i_11 = lanes_load(t_7 + i) + REAL(0.539742417236952);
        store_each(result_10 + i, v_sum_i_11, BLOCK - i);
        const lanes slope_right_i = lanes_softplus(v_sum_i_11) + REAL(0.001);
        store_each(slope_right + i, slope_right_i, BLOCK - i);
        const lanes mean_slope_i_2 = lanes_load(mean_slope + i);
        const lanes bend_i = lanes_fma(mean_slope_i_2, lanes_splat(-REAL(2.0)), slope_left_i + slope_right_i);
        const lanes product_i = lanes_load(t_4 + i) * bend_i;
        const lanes height_i_2 = lanes_load(height + i);
        const lanes a_i = lanes_fma(height_i_2, mean_slope_i_2 - slope_left_i, product_i);
        const lanes b_i = lanes_fma(height_i_2, slope_left_i, -product_i);
        const lanes v_max_i = lanes_max(lanes_fma(b_i, b_i, a_i * lanes_load(minus_c + i) * REAL(4.0)), lanes_splat(REAL(0.0)));
        const lanes sqrt_i = lanes_sqrt(v_max_i);
        store_each(result_11 + i, sqrt_i, BLOCK - i);
        const lanes theta_i = lanes_load(t_5 + i) / (b_i + sqrt_i);
        store_each(theta + i, theta_i, BLOCK - i);
        const lanes difference_i = REAL(1.0) - theta_i;
        const lanes product_i_2 = theta_i * difference_i;
        const lanes denominator_i = lanes_fma(bend_i, product_i_2, mean_slope_i_2);
        const lanes v_sum_i_12 = lanes_fma(slope_right_i, theta_i * theta_i, mean_slope_i_2 * product_i_2 * REAL(2.0));
        const lanes v_sum_i_13 = lanes_fma(slope_left_i, difference_i * difference_i, v_sum_i_12);
        store_each(result_12 + i, v_sum_i_13, BLOCK - i);
        const lanes ratio_i = mean_slope_i_2 / denominator_i;
        store_each(result_13 + i, ratio_i, BLOCK - i);
        const lanes log_slope_i = lanes_log(ratio_i * ratio_i * v_sum_i_13);
        const lanes y_b_i = lanes_load(y_b + i);
        const lanes_int inside_i = lanes_less(lanes_abs(y_b_i), lanes_splat(REAL(4.0)));
        store_each(x_b + i, lanes_select(inside_i, lanes_fma(theta_i, lanes_load(width + i), lanes_load(left + i)), y_b_i), BLOCK - i);
        store_each(t_8 + i, -lanes_select(inside_i, log_slope_i, lanes_splat(REAL(0.0))), BLOCK - i);
    }
    for (int i = 0; i < BLOCK; i += LANES) {
        store_each(log_det + i, lanes_load(t_8 + i), BLOCK - i);
    }
    copy_reals(result_3, t, 20 * BLOCK);
    copy_reals(result_4, t + 20 * BLOCK, 20 * BLOCK);
}

/* Backward of coupling_spline_inverse: from the cotangents of its results those of its inputs. Inverse of a spline coupling: x_a = y_a, x_b = g^-1(y_b; p(x_a)); log|det J| = -sum log g'(x_b). Durkan, Bekasov, Murray, Papamakarios 2019, eq. 4-8. p: a dense net 1 -> 32 -> 32 -> 59, silu; 20 bins of [-B, B], B = 4, the identity outside.    ring.yaml:8 */
static void coupling_spline_inverse_backward(const Block *block, const real *weights, const real *x_a, const real *y_b, const real *x, const real *hidden, const real *x_2, const real *hidden_2, const real *x_3, const real *share, const real *length_per_share, const real *x_4, const real *share_2, const real *length_per_share_2, const real *bin, const real *x_5, const real *x_6, const real *x_7, const real *x_8, const real *x_9, const real *slope_left, const real *x_10, const real *slope_right, const real *mean_slope, const real *x_11, const real *theta, const real *x_12, const real *x_13, const real *d_x_b, const real *d_log_det, real *gradient, real *d_x_a, real *workspace)
{
    const real *const net_0_weight = weights + 0;
    const real *const net_1_weight = weights + 64;
    const real *const net_2_weight = weights + 1120;
    real *const d_left = workspace + FRAME(0, 0);
    real *const t = workspace + FRAME(64, 16);
    real *const t_2 = workspace + FRAME(128, 32);
    real *const t_3 = workspace + FRAME(192, 48);
    real *const d_lower = workspace + FRAME(256, 64);
    real *const d_slope_left = workspace + FRAME(320, 80);
    real *const d_slope_right = workspace + FRAME(384, 96);
    real *const d_height = workspace + FRAME(448, 112);
    real *const t_4 = workspace + FRAME(512, 128);
    real *const t_5 = workspace + FRAME(576, 144);
    real *const t_6 = workspace + FRAME(640, 160);
    real *const t_7 = workspace + FRAME(704, 176);
    real *const t_8 = workspace + FRAME(768, 192);
    real *const t_15 = workspace + FRAME(1216, 0);
    real *const t_9 = workspace + FRAME(832, 208);
    real *const t_10 = workspace + FRAME(896, 224);
    real *const t_11 = workspace + FRAME(960, 240);
    real *const t_12 = workspace + FRAME(1024, 256);
    real *const t_13 = workspace + FRAME(1088, 272);
    real *const t_16 = workspace + FRAME(2432, 32);
    real *const t_14 = workspace + FRAME(1152, 288);
    real *const t_17 = workspace + FRAME(3712, 64);
    real *const t_18 = workspace + FRAME(4992, 96);
    real *const t_20 = workspace + FRAME(2048, 32);
    real *const d_net_2_weight = gradient + 1120;
    real *const d_net_2_bias = gradient + 3008;
    real *const t_19 = workspace + FRAME(0, 0);
    real *const t_21 = workspace + FRAME(8768, 64);
    real *const d_net_1_weight = gradient + 64;
    real *const d_net_1_bias = gradient + 1088;
    real *const t_22 = workspace + FRAME(2048, 32);
    real *const t_23 = workspace + FRAME(0, 0);
    real *const d_net_0_weight = gradient + 0;
    real *const d_net_0_bias = gradient + 32;
    for (int i = 0; i < BLOCK; i += LANES) {
        const lanes y_b_i = lanes_load(y_b + i);
        const lanes_int inside_i = lanes_less(lanes_abs(y_b_i), lanes_splat(REAL(4.0)));
        const lanes d_left_i = lanes_select(inside_i, lanes_load(d_x_b + i), lanes_splat(REAL(0.0)));
        store_each(d_left + i, d_left_i, BLOCK - i);
        const lanes d_log_slope_i = lanes_select(inside_i, -lanes_load(d_log_det + i), lanes_splat(REAL(0.0)));
        const lanes width_i = lanes_fma(lanes_load(x_6 + i), lanes_load(length_per_share + i), lanes_splat(REAL(0.008)));
        const lanes product_i = d_left_i * width_i;
        const lanes_int condition_i = lanes_equal(d_left_i, lanes_splat(REAL(0.0)));
        store_each(t + i, lanes_select(condition_i, lanes_splat(REAL(1.0)), lanes_splat(REAL(0.0))), BLOCK - i);
        const lanes choice_i = lanes_select(condition_i & ~lanes_equal(product_i, product_i), lanes_splat(REAL(0.0)), product_i);
        const lanes theta_i = lanes_load(theta + i);
        const lanes product_i_2 = d_left_i * theta_i;
        store_each(t_2 + i, lanes_select(condition_i & ~lanes_equal(product_i_2, product_i_2), lanes_splat(REAL(0.0)), product_i_2), BLOCK - i);
        const lanes x_i = lanes_load(x_13 + i);
        const lanes product_i_3 = x_i * x_i;
        const lanes x_i_2 = lanes_load(x_12 + i);
        const lanes ratio_i = d_log_slope_i / (product_i_3 * x_i_2);
        const lanes_int condition_i_2 = lanes_equal(d_log_slope_i, lanes_splat(REAL(0.0))) & ~lanes_equal(ratio_i, ratio_i);
        const lanes choice_i_2 = lanes_select(condition_i_2, lanes_splat(REAL(0.0)), ratio_i);
        const lanes product_i_4 = choice_i_2 * x_i_2;
        const lanes_int condition_i_3 = lanes_equal(choice_i_2, lanes_splat(REAL(0.0)));
        const lanes choice_i_3 = lanes_select(condition_i_3 & ~lanes_equal(product_i_4, product_i_4), lanes_splat(REAL(0.0)), product_i_4);
        const lanes product_i_5 = choice_i_2 * product_i_3;
        const lanes choice_i_4 = lanes_select(condition_i_3 & ~lanes_equal(product_i_5, product_i_5), lanes_splat(REAL(0.0)), product_i_5);
        const lanes product_i_6 = choice_i_3 * (x_i * REAL(2.0));
        const lanes_int condition_i_4 = lanes_equal(choice_i_3, lanes_splat(REAL(0.0))) & ~lanes_equal(product_i_6, product_i_6);
        const lanes choice_i_5 = lanes_select(condition_i_4, lanes_splat(REAL(0.0)), product_i_6);
        const lanes slope_left_i = lanes_load(slope_left + i);
        const lanes slope_right_i = lanes_load(slope_right + i);
        const lanes mean_slope_i = lanes_load(mean_slope + i);
        const lanes bend_i = lanes_fma(mean_slope_i, lanes_splat(-REAL(2.0)), slope_left_i + slope_right_i);
        const lanes difference_i = REAL(1.0) - theta_i;
        const lanes product_i_7 = theta_i * difference_i;
        const lanes denominator_i = lanes_fma(bend_i, product_i_7, mean_slope_i);
        const lanes ratio_i_2 = choice_i_5 / denominator_i;
        const lanes_int condition_i_5 = lanes_equal(choice_i_5, lanes_splat(REAL(0.0)));
        const lanes choice_i_6 = lanes_select(condition_i_5 & ~lanes_equal(ratio_i_2, ratio_i_2), lanes_splat(REAL(0.0)), ratio_i_2);
        const lanes neg_i = -(ratio_i_2 * x_i);
        const lanes d_denominator_i = lanes_select(condition_i_5 & ~lanes_equal(neg_i, neg_i), lanes_splat(REAL(0.0)), neg_i);
        const lanes product_i_8 = choice_i_4 * (difference_i * difference_i);
        const lanes_int condition_i_6 = lanes_equal(choice_i_4, lanes_splat(REAL(0.0)));
        const lanes choice_i_7 = lanes_select(condition_i_6 & ~lanes_equal(product_i_8, product_i_8), lanes_splat(REAL(0.0)), product_i_8);
        const lanes product_i_9 = choice_i_4 * slope_left_i;
        const lanes choice_i_8 = lanes_select(condition_i_6 & ~lanes_equal(product_i_9, product_i_9), lanes_splat(REAL(0.0)), product_i_9);
        const lanes product_i_10 = choice_i_8 * (difference_i * REAL(2.0));
        const lanes_int condition_i_7 = lanes_equal(choice_i_8, lanes_splat(REAL(0.0))) & ~lanes_equal(product_i_10, product_i_10);
        const lanes product_i_11 = choice_i_4 * REAL(2.0);
        const lanes product_i_12 = product_i_11 * product_i_7;
        const lanes_int condition_i_8 = lanes_equal(product_i_11, lanes_splat(REAL(0.0)));
        const lanes choice_i_9 = lanes_select(condition_i_8 & ~lanes_equal(product_i_12, product_i_12), lanes_splat(REAL(0.0)), product_i_12);
        const lanes product_i_13 = product_i_11 * mean_slope_i;
        const lanes choice_i_10 = lanes_select(condition_i_8 & ~lanes_equal(product_i_13, product_i_13), lanes_splat(REAL(0.0)), product_i_13);
        const lanes product_i_14 = choice_i_4 * (theta_i * theta_i);
        const lanes choice_i_11 = lanes_select(condition_i_6 & ~lanes_equal(product_i_14, product_i_14), lanes_splat(REAL(0.0)), product_i_14);
        const lanes product_i_15 = choice_i_4 * slope_right_i;
        const lanes choice_i_12 = lanes_select(condition_i_6 & ~lanes_equal(product_i_15, product_i_15), lanes_splat(REAL(0.0)), product_i_15);
        const lanes product_i_16 = d_denominator_i * product_i_7;
        const lanes_int condition_i_9 = lanes_equal(d_denominator_i, lanes_splat(REAL(0.0)));
        const lanes choice_i_13 = lanes_select(condition_i_9 & ~lanes_equal(product_i_16, product_i_16), lanes_splat(REAL(0.0)), product_i_16);
        const lanes product_i_17 = d_denominator_i * bend_i;
        const lanes choice_i_14 = lanes_select(condition_i_9 & ~lanes_equal(product_i_17, product_i_17), lanes_splat(REAL(0.0)), product_i_17);
        const lanes v_sum_i = choice_i_10 + choice_i_14;
        const lanes product_i_18 = choice_i_12 * (theta_i * REAL(2.0));
        const lanes_int condition_i_10 = lanes_equal(choice_i_12, lanes_splat(REAL(0.0))) & ~lanes_equal(product_i_18, product_i_18);
        const lanes v_sum_i_2 = choice_i + lanes_select(condition_i_10, lanes_splat(REAL(0.0)), product_i_18);
        const lanes product_i_19 = v_sum_i * (difference_i - theta_i);
        const lanes_int condition_i_11 = lanes_equal(v_sum_i, lanes_splat(REAL(0.0))) & ~lanes_equal(product_i_19, product_i_19);
        const lanes v_sum_i_3 = v_sum_i_2 + lanes_select(condition_i_11, lanes_splat(REAL(0.0)), product_i_19);
        const lanes d_theta_i = v_sum_i_3 - lanes_select(condition_i_7, lanes_splat(REAL(0.0)), product_i_10);
        const lanes length_per_share_i = lanes_load(length_per_share_2 + i);
        const lanes height_i = lanes_fma(lanes_load(x_8 + i), length_per_share_i, lanes_splat(REAL(0.008)));
        const lanes v_sum_i_4 = lanes_fma(lanes_load(bin + i), lanes_splat(REAL(0.008)), lanes_splat(-REAL(4.0)));
        const lanes lower_i = lanes_fma(lanes_load(x_7 + i), length_per_share_i, v_sum_i_4);
        const lanes difference_i_2 = y_b_i - lower_i;
        const lanes v_max_i = lanes_max(difference_i_2, lanes_splat(REAL(0.0)));
        const lanes t_i = lanes_min(v_max_i, height_i);
        const lanes product_i_20 = t_i * bend_i;
        const lanes b_i = lanes_fma(height_i, slope_left_i, -product_i_20);
        const lanes x_i_3 = lanes_load(x_11 + i);
        const lanes ratio_i_3 = d_theta_i / (b_i + x_i_3);
        const lanes_int condition_i_12 = lanes_equal(d_theta_i, lanes_splat(REAL(0.0)));
        const lanes choice_i_15 = lanes_select(condition_i_12 & ~lanes_equal(ratio_i_3, ratio_i_3), lanes_splat(REAL(0.0)), ratio_i_3);
        const lanes neg_i_2 = -(ratio_i_3 * theta_i);
        const lanes choice_i_16 = lanes_select(condition_i_12 & ~lanes_equal(neg_i_2, neg_i_2), lanes_splat(REAL(0.0)), neg_i_2);
        const lanes choice_i_17 = lanes_select(lanes_less(lanes_splat(REAL(0.0)), x_i_3), choice_i_16 * REAL(0.5) / x_i_3, lanes_splat(REAL(0.0)));
        const lanes difference_i_3 = mean_slope_i - slope_left_i;
        const lanes a_i = lanes_fma(height_i, difference_i_3, product_i_20);
        const lanes minus_c_i = mean_slope_i * t_i;
        const lanes_int condition_i_13 = lanes_less_equal(lanes_splat(REAL(0.0)), lanes_fma(b_i, b_i, a_i * minus_c_i * REAL(4.0)));
        const lanes choice_i_18 = lanes_select(condition_i_13, choice_i_17, lanes_splat(REAL(0.0)));
        const lanes product_i_21 = choice_i_18 * (b_i * REAL(2.0));
        const lanes_int condition_i_14 = lanes_equal(choice_i_18, lanes_splat(REAL(0.0))) & ~lanes_equal(product_i_21, product_i_21);
        const lanes d_b_i = choice_i_16 + lanes_select(condition_i_14, lanes_splat(REAL(0.0)), product_i_21);
        const lanes product_i_22 = choice_i_18 * REAL(4.0);
        const lanes product_i_23 = product_i_22 * minus_c_i;
        const lanes_int condition_i_15 = lanes_equal(product_i_22, lanes_splat(REAL(0.0)));
        const lanes d_a_i = lanes_select(condition_i_15 & ~lanes_equal(product_i_23, product_i_23), lanes_splat(REAL(0.0)), product_i_23);
        const lanes product_i_24 = product_i_22 * a_i;
        const lanes choice_i_19 = lanes_select(condition_i_15 & ~lanes_equal(product_i_24, product_i_24), lanes_splat(REAL(0.0)), product_i_24);
        const lanes d_minus_c_i = lanes_fma(choice_i_15, lanes_splat(REAL(2.0)), choice_i_19);
        const lanes product_i_25 = d_minus_c_i * t_i;
        const lanes_int condition_i_16 = lanes_equal(d_minus_c_i, lanes_splat(REAL(0.0)));
        const lanes choice_i_20 = lanes_select(condition_i_16 & ~lanes_equal(product_i_25, product_i_25), lanes_splat(REAL(0.0)), product_i_25);
        const lanes product_i_26 = d_minus_c_i * mean_slope_i;
        const lanes choice_i_21 = lanes_select(condition_i_16 & ~lanes_equal(product_i_26, product_i_26), lanes_splat(REAL(0.0)), product_i_26);
        const lanes product_i_27 = d_b_i * slope_left_i;
        const lanes_int condition_i_17 = lanes_equal(d_b_i, lanes_splat(REAL(0.0)));
        const lanes choice_i_22 = lanes_select(condition_i_17 & ~lanes_equal(product_i_27, product_i_27), lanes_splat(REAL(0.0)), product_i_27);
        const lanes product_i_28 = d_b_i * height_i;
        const lanes choice_i_23 = lanes_select(condition_i_17 & ~lanes_equal(product_i_28, product_i_28), lanes_splat(REAL(0.0)), product_i_28);
        const lanes difference_i_4 = d_a_i - d_b_i;
        const lanes product_i_29 = d_a_i * difference_i_3;
        const lanes_int condition_i_18 = lanes_equal(d_a_i, lanes_splat(REAL(0.0)));
        const lanes choice_i_24 = lanes_select(condition_i_18 & ~lanes_equal(product_i_29, product_i_29), lanes_splat(REAL(0.0)), product_i_29);
        const lanes product_i_30 = d_a_i * height_i;
        const lanes choice_i_25 = lanes_select(condition_i_18 & ~lanes_equal(product_i_30, product_i_30), lanes_splat(REAL(0.0)), product_i_30);
        const lanes product_i_31 = difference_i_4 * bend_i;
        const lanes_int condition_i_19 = lanes_equal(difference_i_4, lanes_splat(REAL(0.0)));
        const lanes choice_i_26 = lanes_select(condition_i_19 & ~lanes_equal(product_i_31, product_i_31), lanes_splat(REAL(0.0)), product_i_31);
        const lanes d_t_i = choice_i_21 + choice_i_26;
        const lanes product_i_32 = difference_i_4 * t_i;
        const lanes choice_i_27 = lanes_select(condition_i_19 & ~lanes_equal(product_i_32, product_i_32), lanes_splat(REAL(0.0)), product_i_32);
        const lanes d_bend_i = choice_i_13 + choice_i_27;
        const lanes_int condition_i_20 = lanes_less_equal(v_max_i, height_i);
        const lanes v_sum_i_5 = choice_i_22 + choice_i_24 + lanes_select(condition_i_20, lanes_splat(REAL(0.0)), d_t_i);
        const lanes choice_i_28 = lanes_select(lanes_less_equal(lanes_splat(REAL(0.0)), difference_i_2), lanes_select(condition_i_20, d_t_i, lanes_splat(REAL(0.0))), lanes_splat(REAL(0.0)));
        store_each(t_3 + i, choice_i_28, BLOCK - i);
        store_each(d_lower + i, -choice_i_28, BLOCK - i);
        const lanes d_mean_slope_i = lanes_fma(d_bend_i, lanes_splat(-REAL(2.0)), choice_i_6 + choice_i_9 + d_denominator_i + choice_i_20 + choice_i_25);
        store_each(d_slope_left + i, choice_i_7 + choice_i_23 - choice_i_25 + d_bend_i, BLOCK - i);
        store_each(d_slope_right + i, choice_i_11 + d_bend_i, BLOCK - i);
        const lanes ratio_i_4 = d_mean_slope_i / width_i;
        store_each(d_height + i, v_sum_i_5 + ratio_i_4, BLOCK - i);
        const lanes neg_i_3 = -(ratio_i_4 * mean_slope_i);
        store_each(t_4 + i, neg_i_3, BLOCK - i);
        store_each(t_5 + i, lanes_select(lanes_equal(d_mean_slope_i, lanes_splat(REAL(0.0))), lanes_splat(REAL(1.0)), lanes_splat(REAL(0.0))), BLOCK - i);
        store_each(t_6 + i, lanes_select(lanes_equal(neg_i_3, neg_i_3), lanes_splat(REAL(1.0)), lanes_splat(REAL(0.0))), BLOCK - i);
    }
    for (int i = 0; i < BLOCK; i += LANES) {
        const lanes choice_i_29 = lanes_select(lanes_is_true(lanes_load(t_5 + i)) & ~lanes_is_true(lanes_load(t_6 + i)), lanes_splat(REAL(0.0)), lanes_load(t_4 + i));
        const lanes d_width_i = lanes_load(t_2 + i) + choice_i_29;
        const lanes d_slope_right_i = lanes_load(d_slope_right + i);
        const lanes product_i_33 = d_slope_right_i * lanes_sigmoid(lanes_load(x_10 + i));
        const lanes_int condition_i_21 = lanes_equal(d_slope_right_i, lanes_splat(REAL(0.0))) & ~lanes_equal(product_i_33, product_i_33);
        store_each(t_7 + i, lanes_select(condition_i_21, lanes_splat(REAL(0.0)), product_i_33), BLOCK - i);
        const lanes d_slope_left_i = lanes_load(d_slope_left + i);
        const lanes product_i_34 = d_slope_left_i * lanes_sigmoid(lanes_load(x_9 + i));
        const lanes_int condition_i_22 = lanes_equal(d_slope_left_i, lanes_splat(REAL(0.0))) & ~lanes_equal(product_i_34, product_i_34);
        store_each(t_8 + i, lanes_select(condition_i_22, lanes_splat(REAL(0.0)), product_i_34), BLOCK - i);
        const lanes d_height_i = lanes_load(d_height + i);
        const lanes length_per_share_i_2 = lanes_load(length_per_share_2 + i);
        const lanes product_i_35 = d_height_i * length_per_share_i_2;
        const lanes_int condition_i_23 = lanes_equal(d_height_i, lanes_splat(REAL(0.0)));
        store_each(t_9 + i, lanes_select(condition_i_23 & ~lanes_equal(product_i_35, product_i_35), lanes_splat(REAL(0.0)), product_i_35), BLOCK - i);
        const lanes product_i_36 = d_height_i * lanes_load(x_8 + i);
        const lanes choice_i_30 = lanes_select(condition_i_23 & ~lanes_equal(product_i_36, product_i_36), lanes_splat(REAL(0.0)), product_i_36);
        const lanes x_i_4 = lanes_load(t_3 + i);
        const lanes neg_i_4 = -(x_i_4 * length_per_share_i_2);
        const lanes_int condition_i_24 = lanes_equal(lanes_load(d_lower + i), lanes_splat(REAL(0.0)));
        store_each(t_10 + i, lanes_select(condition_i_24 & ~lanes_equal(neg_i_4, neg_i_4), lanes_splat(REAL(0.0)), neg_i_4), BLOCK - i);
        const lanes neg_i_5 = -(x_i_4 * lanes_load(x_7 + i));
        const lanes choice_i_31 = lanes_select(condition_i_24 & ~lanes_equal(neg_i_5, neg_i_5), lanes_splat(REAL(0.0)), neg_i_5);
        const lanes d_length_per_share_i = choice_i_30 + choice_i_31;
        const lanes length_per_share_i_3 = lanes_load(length_per_share + i);
        const lanes product_i_37 = d_width_i * length_per_share_i_3;
        const lanes_int condition_i_25 = lanes_equal(d_width_i, lanes_splat(REAL(0.0)));
        store_each(t_11 + i, lanes_select(condition_i_25 & ~lanes_equal(product_i_37, product_i_37), lanes_splat(REAL(0.0)), product_i_37), BLOCK - i);
        const lanes product_i_38 = d_width_i * lanes_load(x_6 + i);
        const lanes choice_i_32 = lanes_select(condition_i_25 & ~lanes_equal(product_i_38, product_i_38), lanes_splat(REAL(0.0)), product_i_38);
        const lanes d_left_i_2 = lanes_load(d_left + i);
        const lanes product_i_39 = d_left_i_2 * length_per_share_i_3;
        const lanes_int x_i_5 = lanes_is_true(lanes_load(t + i));
        store_each(t_12 + i, lanes_select(x_i_5 & ~lanes_equal(product_i_39, product_i_39), lanes_splat(REAL(0.0)), product_i_39), BLOCK - i);
        const lanes product_i_40 = d_left_i_2 * lanes_load(x_5 + i);
        const lanes choice_i_33 = lanes_select(x_i_5 & ~lanes_equal(product_i_40, product_i_40), lanes_splat(REAL(0.0)), product_i_40);
        const lanes d_length_per_share_i_2 = choice_i_32 + choice_i_33;
        const lanes product_i_41 = d_length_per_share_i * (length_per_share_i_2 * length_per_share_i_2 * (-REAL(0.12755102040816327)));
        const lanes_int condition_i_26 = lanes_equal(d_length_per_share_i, lanes_splat(REAL(0.0))) & ~lanes_equal(product_i_41, product_i_41);
        store_each(t_13 + i, lanes_select(condition_i_26, lanes_splat(REAL(0.0)), product_i_41), BLOCK - i);
        const lanes product_i_42 = d_length_per_share_i_2 * (length_per_share_i_3 * length_per_share_i_3 * (-REAL(0.12755102040816327)));
        const lanes_int condition_i_27 = lanes_equal(d_length_per_share_i_2, lanes_splat(REAL(0.0))) & ~lanes_equal(product_i_42, product_i_42);
        store_each(t_14 + i, lanes_select(condition_i_27, lanes_splat(REAL(0.0)), product_i_42), BLOCK - i);
    }
    for (int i = 0; i < 19; i += I_STEP)
        for (int s = 0; s < BLOCK; s += S_STEP) {
            const lanes bin_i = load_sample(bin + s);
            const lanes choice_i_34 = lanes_select(lanes_equal(load_feature(table_4 + i), bin_i), load_sample(t_7 + s), lanes_splat(REAL(0.0)));
            const lanes choice_i_35 = lanes_select(lanes_equal(load_feature(table_3 + i), bin_i), load_sample(t_8 + s), lanes_splat(REAL(0.0)));
            store_each(t_15 + i * BLOCK + s, choice_i_34 + choice_i_35, 19 - i);
        }
    for (int i = 0; i < 20; i += I_STEP)
        for (int s = 0; s < BLOCK; s += S_STEP) {
            const lanes x_i_6 = load_feature(table_2 + i);
            const lanes bin_i_2 = load_sample(bin + s);
            const lanes_int is_bin_i = lanes_equal(x_i_6, bin_i_2);
            const lanes_int is_below_i = lanes_less(x_i_6, bin_i_2);
            const lanes v_sum_i_6 = lanes_select(is_bin_i, load_sample(t_9 + s), lanes_splat(REAL(0.0))) + lanes_select(is_below_i, load_sample(t_10 + s), lanes_splat(REAL(0.0)));
            const lanes v_sum_i_7 = lanes_select(is_bin_i, load_sample(t_11 + s), lanes_splat(REAL(0.0))) + lanes_select(is_below_i, load_sample(t_12 + s), lanes_splat(REAL(0.0)));
            const lanes d_share_i = v_sum_i_6 + load_sample(t_13 + s);
            const lanes product_i_43 = d_share_i * lanes_load(share_2 + i * BLOCK + s);
            const lanes_int condition_i_28 = lanes_equal(d_share_i, lanes_splat(REAL(0.0))) & ~lanes_equal(product_i_43, product_i_43);
            const lanes x_i_7 = lanes_load(x_4 + i * BLOCK + s);
            const lanes_int condition_i_29 = lanes_less_equal(lanes_max(x_i_7, lanes_splat(-REAL(3e+01))), lanes_splat(REAL(3e+01)));
            const lanes choice_i_36 = lanes_select(condition_i_29, lanes_select(condition_i_28, lanes_splat(REAL(0.0)), product_i_43), lanes_splat(REAL(0.0)));
            store_each(t_16 + i * BLOCK + s, lanes_select(lanes_less_equal(lanes_splat(-REAL(3e+01)), x_i_7), choice_i_36, lanes_splat(REAL(0.0))), 20 - i);
            const lanes d_share_i_2 = v_sum_i_7 + load_sample(t_14 + s);
            const lanes product_i_44 = d_share_i_2 * lanes_load(share + i * BLOCK + s);
            const lanes_int condition_i_30 = lanes_equal(d_share_i_2, lanes_splat(REAL(0.0))) & ~lanes_equal(product_i_44, product_i_44);
            const lanes x_i_8 = lanes_load(x_3 + i * BLOCK + s);
            const lanes_int condition_i_31 = lanes_less_equal(lanes_max(x_i_8, lanes_splat(-REAL(3e+01))), lanes_splat(REAL(3e+01)));
            const lanes choice_i_37 = lanes_select(condition_i_31, lanes_select(condition_i_30, lanes_splat(REAL(0.0)), product_i_44), lanes_splat(REAL(0.0)));
            store_each(t_17 + i * BLOCK + s, lanes_select(lanes_less_equal(lanes_splat(-REAL(3e+01)), x_i_8), choice_i_37, lanes_splat(REAL(0.0))), 20 - i);
        }
    copy_reals(t_18, t_17, 20 * BLOCK);
    copy_reals(t_18 + 20 * BLOCK, t_16, 20 * BLOCK);
    copy_reals(t_18 + 40 * BLOCK, t_15, 19 * BLOCK);
    dense_32x59_then(net_2_weight, t_18, x_2, hidden_2, t_19);
    for (int i = 0; i < 32 * BLOCK; i += LANES) {
        const lanes hidden_i = lanes_load(hidden_2 + i);
        store_each(t_20 + i, lanes_select(lanes_less(lanes_abs(hidden_i), lanes_splat(REAL_INFINITY)), hidden_i, lanes_splat(REAL(0.0))), 32 * BLOCK - i);
        const lanes hidden_i_2 = lanes_load(hidden + i);
        store_each(t_21 + i, lanes_select(lanes_less(lanes_abs(hidden_i_2), lanes_splat(REAL_INFINITY)), hidden_i_2, lanes_splat(REAL(0.0))), 32 * BLOCK - i);
    }
    sum_59x32(t_18, t_20, block->count, block->adds, workspace + FRAME(10816, 160), d_net_2_weight);
    sum_samples(t_18, 59, block->count, block->adds, d_net_2_bias);
    dense_32x32_then(net_1_weight, t_19, x, hidden, t_22);
    sum_32x32(t_19, t_21, block->count, block->adds, workspace + FRAME(4096, 96), d_net_1_weight);
    sum_samples(t_19, 32, block->count, block->adds, d_net_1_bias);
    dense_1x32(net_0_weight, t_22, d_x_a);
    for (int i = 0; i < BLOCK; i += LANES) {
        const lanes x_a_i = lanes_load(x_a + i);
        store_each(t_23 + i, lanes_select(lanes_less(lanes_abs(x_a_i), lanes_splat(REAL_INFINITY)), x_a_i, lanes_splat(REAL(0.0))), BLOCK - i);
    }
    sum_1x32(t_23, t_22, block->count, block->adds, d_net_0_weight);
    sum_samples(t_22, 32, block->count, block->adds, d_net_0_bias);
}

/* Inverse of a spline coupling: x_a = y_a, x_b = g^-1(y_b; p(x_a)); log|det J| = -sum log g'(x_b). Durkan, Bekasov, Murray, Papamakarios 2019, eq. 4-8. p: a dense net 1 -> 32 -> 32 -> 59, silu; 20 bins of [-B, B], B = 4, the identity outside.    ring.yaml:8 */
static void coupling_spline_inverse_forward_2(const real *weights, const real *x_a, const real *y_b, real *x_b, real *log_det, real *result, real *hidden, real *result_2, real *hidden_2, real *result_3, real *share, real *length_per_share, real *result_4, real *share_2, real *length_per_share_2, real *bin, real *result_5, real *result_6, real *result_7, real *result_8, real *result_9, real *slope_left, real *result_10, real *slope_right, real *mean_slope, real *result_11, real *theta, real *result_12, real *result_13, real *workspace)
{
    const real *const net_0_weight = weights + 0;
    const real *const net_0_bias = weights + 32;
    const real *const net_1_weight = weights + 64;
    const real *const net_1_bias = weights + 1088;
    const real *const net_2_weight = weights + 1120;
    const real *const net_2_bias = weights + 3008;
    real *const t = workspace + FRAME(0, 0);
    real *const t_2 = workspace + FRAME(3776, 64);
    real *const t_3 = workspace + FRAME(3840, 80);
    real *const shares_up_to = workspace + FRAME(3776, 64);
    real *const left = workspace + FRAME(3776, 64);
    real *const width = workspace + FRAME(3840, 80);
    real *const height = workspace + FRAME(3904, 96);
    real *const t_6 = workspace + FRAME(4160, 160);
    real *const t_7 = workspace + FRAME(4224, 176);
    real *const t_4 = workspace + FRAME(3968, 112);
    real *const minus_c = workspace + FRAME(4032, 128);
    real *const t_5 = workspace + FRAME(4096, 144);
    real *const t_8 = workspace + FRAME(4288, 192);
    dense_32x1_sigmoid_2(net_0_weight, x_a, net_0_bias, result, hidden);
    dense_32x32_sigmoid_2(net_1_weight, hidden, net_1_bias, result_2, hidden_2);
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
        store_row(result_5 + s, v_sum_i_3);
        store_row(result_6 + s, v_sum_i_4);
        store_row(result_7 + s, v_sum_i_5);
        store_row(result_8 + s, v_sum_i_6);
    }
    for (int i = 0; i < BLOCK; i += LANES) {
        const lanes v_sum_i_7 = lanes_fma(lanes_load(bin + i), lanes_splat(REAL(0.008)), lanes_splat(-REAL(4.0)));
        const lanes length_per_share_i = lanes_load(length_per_share + i);
        store_each(left + i, lanes_fma(lanes_load(result_5 + i), length_per_share_i, v_sum_i_7), BLOCK - i);
        const lanes width_i = lanes_fma(lanes_load(result_6 + i), length_per_share_i, lanes_splat(REAL(0.008)));
        store_each(width + i, width_i, BLOCK - i);
        const lanes length_per_share_i_2 = lanes_load(length_per_share_2 + i);
        const lanes lower_i = lanes_fma(lanes_load(result_7 + i), length_per_share_i_2, v_sum_i_7);
        const lanes height_i = lanes_fma(lanes_load(result_8 + i), length_per_share_i_2, lanes_splat(REAL(0.008)));
        store_each(height + i, height_i, BLOCK - i);
        const lanes mean_slope_i = height_i / width_i;
        store_each(mean_slope + i, mean_slope_i, BLOCK - i);
        const lanes t_i = lanes_min(lanes_max(lanes_load(y_b + i) - lower_i, lanes_splat(REAL(0.0))), height_i);
        store_each(t_4 + i, t_i, BLOCK - i);
        const lanes minus_c_i = mean_slope_i * t_i;
        store_each(minus_c + i, minus_c_i, BLOCK - i);
        store_each(t_5 + i, minus_c_i * REAL(2.0), BLOCK - i);
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
        store_row(t_6 + s, v_sum_i_8);
        store_row(t_7 + s, v_sum_i_9);
    }
    for (int i = 0; i < BLOCK; i += LANES) {
        const lanes v_sum_i_10 = lanes_load(t_6 + i) + REAL(0.539742417236952);
        store_each(result_9 + i, v_sum_i_10, BLOCK - i);
        const lanes slope_left_i = lanes_softplus(v_sum_i_10) + REAL(0.001);
        store_each(slope_left + i, slope_left_i, BLOCK - i);
        const lanes v_sum_i_11 = lanes_load(t_7 + i) + REAL(0.539742417236952);
        store_each(result_10 + i, v_sum_i_11, BLOCK - i);
        const lanes slope_right_i = lanes_softplus(v_sum_i_11) + REAL(0.001);
        store_each(slope_right + i, slope_right_i, BLOCK - i);
        const lanes mean_slope_i_2 = lanes_load(mean_slope + i);
        const lanes bend_i = lanes_fma(mean_slope_i_2, lanes_splat(-REAL(2.0)), slope_left_i + slope_right_i);
        const lanes product_i = lanes_load(t_4 + i) * bend_i;
        const lanes height_i_2 = lanes_load(height + i);
        const lanes a_i = lanes_fma(height_i_2, mean_slope_i_2 - slope_left_i, product_i);
        const lanes b_i = lanes_fma(height_i_2, slope_left_i, -product_i);
        const lanes v_max_i = lanes_max(lanes_fma(b_i, b_i, a_i * lanes_load(minus_c + i) * REAL(4.0)), lanes_splat(REAL(0.0)));
        const lanes sqrt_i = lanes_sqrt(v_max_i);
        store_each(result_11 + i, sqrt_i, BLOCK - i);
        const lanes theta_i = lanes_load(t_5 + i) / (b_i + sqrt_i);
        store_each(theta + i, theta_i, BLOCK - i);
        const lanes difference_i = REAL(1.0) - theta_i;
        const lanes product_i_2 = theta_i * difference_i;
        const lanes denominator_i = lanes_fma(bend_i, product_i_2, mean_slope_i_2);
        const lanes v_sum_i_12 = lanes_fma(slope_right_i, theta_i * theta_i, mean_slope_i_2 * product_i_2 * REAL(2.0));
        const lanes v_sum_i_13 = lanes_fma(slope_left_i, difference_i * difference_i, v_sum_i_12);
        store_each(result_12 + i, v_sum_i_13, BLOCK - i);
        const lanes ratio_i = mean_slope_i_2 / denominator_i;
        store_each(result_13 + i, ratio_i, BLOCK - i);
        const lanes log_slope_i = lanes_log(ratio_i * ratio_i * v_sum_i_13);
        const lanes y_b_i = lanes_load(y_b + i);
        const lanes_int inside_i = lanes_less(lanes_abs(y_b_i), lanes_splat(REAL(4.0)));
        store_each(x_b + i, lanes_select(inside_i, lanes_fma(theta_i, lanes_load(width + i), lanes_load(left + i)), y_b_i), BLOCK - i);
        store_each(t_8 + i, -lanes_select(inside_i, log_slope_i, lanes_splat(REAL(0.0))), BLOCK - i);
    }
    for (int i = 0; i < BLOCK; i += LANES) {
        store_each(log_det + i, lanes_load(t_8 + i), BLOCK - i);
    }
    copy_reals(result_3, t, 20 * BLOCK);
    copy_reals(result_4, t + 20 * BLOCK, 20 * BLOCK);
}

/* Backward of coupling_spline_inverse: from the cotangents of its results those of its inputs. Inverse of a spline coupling: x_a = y_a, x_b = g^-1(y_b; p(x_a)); log|det J| = -sum log g'(x_b). Durkan, Bekasov, Murray, Papamakarios 2019, eq. 4-8. p: a dense net 1 -> 32 -> 32 -> 59, silu; 20 bins of [-B, B], B = 4, the identity outside.    ring.yaml:8 */
static void coupling_spline_inverse_backward_2(const Block *block, const real *weights, const real *x_a, const real *y_b, const real *x, const real *hidden, const real *x_2, const real *hidden_2, const real *x_3, const real *share, const real *length_per_share, const real *x_4, const real *share_2, const real *length_per_share_2, const real *bin, const real *x_5, const real *x_6, const real *x_7, const real *x_8, const real *x_9, const real *slope_left, const real *x_10, const real *slope_right, const real *mean_slope, const real *x_11, const real *theta, const real *x_12, const real *x_13, const real *d_x_b, const real *d_log_det, real *gradient, real *d_x_a, real *d_y_b, real *workspace)
{
    const real *const net_0_weight = weights + 0;
    const real *const net_1_weight = weights + 64;
    const real *const net_2_weight = weights + 1120;
    real *const d_left = workspace + FRAME(0, 0);
    real *const t = workspace + FRAME(64, 16);
    real *const t_2 = workspace + FRAME(128, 32);
    real *const t_3 = workspace + FRAME(192, 48);
    real *const d_lower = workspace + FRAME(256, 64);
    real *const d_mean_slope = workspace + FRAME(320, 80);
    real *const d_slope_left = workspace + FRAME(384, 96);
    real *const d_slope_right = workspace + FRAME(448, 112);
    real *const d_height = workspace + FRAME(512, 128);
    real *const t_4 = workspace + FRAME(576, 144);
    real *const t_5 = workspace + FRAME(640, 160);
    real *const t_6 = workspace + FRAME(704, 176);
    real *const t_13 = workspace + FRAME(1152, 0);
    real *const t_7 = workspace + FRAME(768, 192);
    real *const t_8 = workspace + FRAME(832, 208);
    real *const t_9 = workspace + FRAME(896, 224);
    real *const t_10 = workspace + FRAME(960, 240);
    real *const t_11 = workspace + FRAME(1024, 256);
    real *const t_14 = workspace + FRAME(2368, 32);
    real *const t_12 = workspace + FRAME(1088, 272);
    real *const t_15 = workspace + FRAME(3648, 64);
    real *const t_16 = workspace + FRAME(4928, 96);
    real *const t_18 = workspace + FRAME(2048, 32);
    real *const d_net_2_weight = gradient + 1120;
    real *const d_net_2_bias = gradient + 3008;
    real *const t_17 = workspace + FRAME(0, 0);
    real *const t_19 = workspace + FRAME(8704, 64);
    real *const d_net_1_weight = gradient + 64;
    real *const d_net_1_bias = gradient + 1088;
    real *const t_20 = workspace + FRAME(2048, 32);
    real *const t_21 = workspace + FRAME(0, 0);
    real *const d_net_0_weight = gradient + 0;
    real *const d_net_0_bias = gradient + 32;
    for (int i = 0; i < BLOCK; i += LANES) {
        const lanes y_b_i = lanes_load(y_b + i);
        const lanes_int inside_i = lanes_less(lanes_abs(y_b_i), lanes_splat(REAL(4.0)));
        const lanes d_x_b_i = lanes_load(d_x_b + i);
        const lanes d_left_i = lanes_select(inside_i, d_x_b_i, lanes_splat(REAL(0.0)));
        store_each(d_left + i, d_left_i, BLOCK - i);
        const lanes d_log_slope_i = lanes_select(inside_i, -lanes_load(d_log_det + i), lanes_splat(REAL(0.0)));
        const lanes width_i = lanes_fma(lanes_load(x_6 + i), lanes_load(length_per_share + i), lanes_splat(REAL(0.008)));
        const lanes product_i = d_left_i * width_i;
        const lanes_int condition_i = lanes_equal(d_left_i, lanes_splat(REAL(0.0)));
        store_each(t + i, lanes_select(condition_i, lanes_splat(REAL(1.0)), lanes_splat(REAL(0.0))), BLOCK - i);
        const lanes choice_i = lanes_select(condition_i & ~lanes_equal(product_i, product_i), lanes_splat(REAL(0.0)), product_i);
        const lanes theta_i = lanes_load(theta + i);
        const lanes product_i_2 = d_left_i * theta_i;
        store_each(t_2 + i, lanes_select(condition_i & ~lanes_equal(product_i_2, product_i_2), lanes_splat(REAL(0.0)), product_i_2), BLOCK - i);
        const lanes x_i = lanes_load(x_13 + i);
        const lanes product_i_3 = x_i * x_i;
        const lanes x_i_2 = lanes_load(x_12 + i);
        const lanes ratio_i = d_log_slope_i / (product_i_3 * x_i_2);
        const lanes_int condition_i_2 = lanes_equal(d_log_slope_i, lanes_splat(REAL(0.0))) & ~lanes_equal(ratio_i, ratio_i);
        const lanes choice_i_2 = lanes_select(condition_i_2, lanes_splat(REAL(0.0)), ratio_i);
        const lanes product_i_4 = choice_i_2 * x_i_2;
        const lanes_int condition_i_3 = lanes_equal(choice_i_2, lanes_splat(REAL(0.0)));
        const lanes choice_i_3 = lanes_select(condition_i_3 & ~lanes_equal(product_i_4, product_i_4), lanes_splat(REAL(0.0)), product_i_4);
        const lanes product_i_5 = choice_i_2 * product_i_3;
        const lanes choice_i_4 = lanes_select(condition_i_3 & ~lanes_equal(product_i_5, product_i_5), lanes_splat(REAL(0.0)), product_i_5);
        const lanes product_i_6 = choice_i_3 * (x_i * REAL(2.0));
        const lanes_int condition_i_4 = lanes_equal(choice_i_3, lanes_splat(REAL(0.0))) & ~lanes_equal(product_i_6, product_i_6);
        const lanes choice_i_5 = lanes_select(condition_i_4, lanes_splat(REAL(0.0)), product_i_6);
        const lanes slope_left_i = lanes_load(slope_left + i);
        const lanes slope_right_i = lanes_load(slope_right + i);
        const lanes mean_slope_i = lanes_load(mean_slope + i);
        const lanes bend_i = lanes_fma(mean_slope_i, lanes_splat(-REAL(2.0)), slope_left_i + slope_right_i);
        const lanes difference_i = REAL(1.0) - theta_i;
        const lanes product_i_7 = theta_i * difference_i;
        const lanes denominator_i = lanes_fma(bend_i, product_i_7, mean_slope_i);
        const lanes ratio_i_2 = choice_i_5 / denominator_i;
        const lanes_int condition_i_5 = lanes_equal(choice_i_5, lanes_splat(REAL(0.0)));
        const lanes choice_i_6 = lanes_select(condition_i_5 & ~lanes_equal(ratio_i_2, ratio_i_2), lanes_splat(REAL(0.0)), ratio_i_2);
        const lanes neg_i = -(ratio_i_2 * x_i);
        const lanes d_denominator_i = lanes_select(condition_i_5 & ~lanes_equal(neg_i, neg_i), lanes_splat(REAL(0.0)), neg_i);
        const lanes product_i_8 = choice_i_4 * (difference_i * difference_i);
        const lanes_int condition_i_6 = lanes_equal(choice_i_4, lanes_splat(REAL(0.0)));
        const lanes choice_i_7 = lanes_select(condition_i_6 & ~lanes_equal(product_i_8, product_i_8), lanes_splat(REAL(0.0)), product_i_8);
        const lanes product_i_9 = choice_i_4 * slope_left_i;
        const lanes choice_i_8 = lanes_select(condition_i_6 & ~lanes_equal(product_i_9, product_i_9), lanes_splat(REAL(0.0)), product_i_9);
        const lanes product_i_10 = choice_i_8 * (difference_i * REAL(2.0));
        const lanes_int condition_i_7 = lanes_equal(choice_i_8, lanes_splat(REAL(0.0))) & ~lanes_equal(product_i_10, product_i_10);
        const lanes product_i_11 = choice_i_4 * REAL(2.0);
        const lanes product_i_12 = product_i_11 * product_i_7;
        const lanes_int condition_i_8 = lanes_equal(product_i_11, lanes_splat(REAL(0.0)));
        const lanes choice_i_9 = lanes_select(condition_i_8 & ~lanes_equal(product_i_12, product_i_12), lanes_splat(REAL(0.0)), product_i_12);
        const lanes product_i_13 = product_i_11 * mean_slope_i;
        const lanes choice_i_10 = lanes_select(condition_i_8 & ~lanes_equal(product_i_13, product_i_13), lanes_splat(REAL(0.0)), product_i_13);
        const lanes product_i_14 = choice_i_4 * (theta_i * theta_i);
        const lanes choice_i_11 = lanes_select(condition_i_6 & ~lanes_equal(product_i_14, product_i_14), lanes_splat(REAL(0.0)), product_i_14);
        const lanes product_i_15 = choice_i_4 * slope_right_i;
        const lanes choice_i_12 = lanes_select(condition_i_6 & ~lanes_equal(product_i_15, product_i_15), lanes_splat(REAL(0.0)), product_i_15);
        const lanes product_i_16 = d_denominator_i * product_i_7;
        const lanes_int condition_i_9 = lanes_equal(d_denominator_i, lanes_splat(REAL(0.0)));
        const lanes choice_i_13 = lanes_select(condition_i_9 & ~lanes_equal(product_i_16, product_i_16), lanes_splat(REAL(0.0)), product_i_16);
        const lanes product_i_17 = d_denominator_i * bend_i;
        const lanes choice_i_14 = lanes_select(condition_i_9 & ~lanes_equal(product_i_17, product_i_17), lanes_splat(REAL(0.0)), product_i_17);
        const lanes v_sum_i = choice_i_10 + choice_i_14;
        const lanes product_i_18 = choice_i_12 * (theta_i * REAL(2.0));
        const lanes_int condition_i_10 = lanes_equal(choice_i_12, lanes_splat(REAL(0.0))) & ~lanes_equal(product_i_18, product_i_18);
        const lanes v_sum_i_2 = choice_i + lanes_select(condition_i_10, lanes_splat(REAL(0.0)), product_i_18);
        const lanes product_i_19 = v_sum_i * (difference_i - theta_i);
        const lanes_int condition_i_11 = lanes_equal(v_sum_i, lanes_splat(REAL(0.0))) & ~lanes_equal(product_i_19, product_i_19);
        const lanes v_sum_i_3 = v_sum_i_2 + lanes_select(condition_i_11, lanes_splat(REAL(0.0)), product_i_19);
        const lanes d_theta_i = v_sum_i_3 - lanes_select(condition_i_7, lanes_splat(REAL(0.0)), product_i_10);
        const lanes length_per_share_i = lanes_load(length_per_share_2 + i);
        const lanes height_i = lanes_fma(lanes_load(x_8 + i), length_per_share_i, lanes_splat(REAL(0.008)));
        const lanes v_sum_i_4 = lanes_fma(lanes_load(bin + i), lanes_splat(REAL(0.008)), lanes_splat(-REAL(4.0)));
        const lanes lower_i = lanes_fma(lanes_load(x_7 + i), length_per_share_i, v_sum_i_4);
        const lanes difference_i_2 = y_b_i - lower_i;
        const lanes v_max_i = lanes_max(difference_i_2, lanes_splat(REAL(0.0)));
        const lanes t_i = lanes_min(v_max_i, height_i);
        const lanes product_i_20 = t_i * bend_i;
        const lanes b_i = lanes_fma(height_i, slope_left_i, -product_i_20);
        const lanes x_i_3 = lanes_load(x_11 + i);
        const lanes ratio_i_3 = d_theta_i / (b_i + x_i_3);
        const lanes_int condition_i_12 = lanes_equal(d_theta_i, lanes_splat(REAL(0.0)));
        const lanes choice_i_15 = lanes_select(condition_i_12 & ~lanes_equal(ratio_i_3, ratio_i_3), lanes_splat(REAL(0.0)), ratio_i_3);
        const lanes neg_i_2 = -(ratio_i_3 * theta_i);
        const lanes choice_i_16 = lanes_select(condition_i_12 & ~lanes_equal(neg_i_2, neg_i_2), lanes_splat(REAL(0.0)), neg_i_2);
        const lanes choice_i_17 = lanes_select(lanes_less(lanes_splat(REAL(0.0)), x_i_3), choice_i_16 * REAL(0.5) / x_i_3, lanes_splat(REAL(0.0)));
        const lanes difference_i_3 = mean_slope_i - slope_left_i;
        const lanes a_i = lanes_fma(height_i, difference_i_3, product_i_20);
        const lanes minus_c_i = mean_slope_i * t_i;
        const lanes_int condition_i_13 = lanes_less_equal(lanes_splat(REAL(0.0)), lanes_fma(b_i, b_i, a_i * minus_c_i * REAL(4.0)));
        const lanes choice_i_18 = lanes_select(condition_i_13, choice_i_17, lanes_splat(REAL(0.0)));
        const lanes product_i_21 = choice_i_18 * (b_i * REAL(2.0));
        const lanes_int condition_i_14 = lanes_equal(choice_i_18, lanes_splat(REAL(0.0))) & ~lanes_equal(product_i_21, product_i_21);
        const lanes d_b_i = choice_i_16 + lanes_select(condition_i_14, lanes_splat(REAL(0.0)), product_i_21);
        const lanes product_i_22 = choice_i_18 * REAL(4.0);
        const lanes product_i_23 = product_i_22 * minus_c_i;
        const lanes_int condition_i_15 = lanes_equal(product_i_22, lanes_splat(REAL(0.0)));
        const lanes d_a_i = lanes_select(condition_i_15 & ~lanes_equal(product_i_23, product_i_23), lanes_splat(REAL(0.0)), product_i_23);
        const lanes product_i_24 = product_i_22 * a_i;
        const lanes choice_i_19 = lanes_select(condition_i_15 & ~lanes_equal(product_i_24, product_i_24), lanes_splat(REAL(0.0)), product_i_24);
        const lanes d_minus_c_i = lanes_fma(choice_i_15, lanes_splat(REAL(2.0)), choice_i_19);
        const lanes product_i_25 = d_minus_c_i * t_i;
        const lanes_int condition_i_16 = lanes_equal(d_minus_c_i, lanes_splat(REAL(0.0)));
        const lanes choice_i_20 = lanes_select(condition_i_16 & ~lanes_equal(product_i_25, product_i_25), lanes_splat(REAL(0.0)), product_i_25);
        const lanes product_i_26 = d_minus_c_i * mean_slope_i;
        const lanes choice_i_21 = lanes_select(condition_i_16 & ~lanes_equal(product_i_26, product_i_26), lanes_splat(REAL(0.0)), product_i_26);
        const lanes product_i_27 = d_b_i * slope_left_i;
        const lanes_int condition_i_17 = lanes_equal(d_b_i, lanes_splat(REAL(0.0)));
        const lanes choice_i_22 = lanes_select(condition_i_17 & ~lanes_equal(product_i_27, product_i_27), lanes_splat(REAL(0.0)), product_i_27);
        const lanes product_i_28 = d_b_i * height_i;
        const lanes choice_i_23 = lanes_select(condition_i_17 & ~lanes_equal(product_i_28, product_i_28), lanes_splat(REAL(0.0)), product_i_28);
        const lanes difference_i_4 = d_a_i - d_b_i;
        const lanes product_i_29 = d_a_i * difference_i_3;
        const lanes_int condition_i_18 = lanes_equal(d_a_i, lanes_splat(REAL(0.0)));
        const lanes choice_i_24 = lanes_select(condition_i_18 & ~lanes_equal(product_i_29, product_i_29), lanes_splat(REAL(0.0)), product_i_29);
        const lanes product_i_30 = d_a_i * height_i;
        const lanes choice_i_25 = lanes_select(condition_i_18 & ~lanes_equal(product_i_30, product_i_30), lanes_splat(REAL(0.0)), product_i_30);
        const lanes product_i_31 = difference_i_4 * bend_i;
        const lanes_int condition_i_19 = lanes_equal(difference_i_4, lanes_splat(REAL(0.0)));
        const lanes choice_i_26 = lanes_select(condition_i_19 & ~lanes_equal(product_i_31, product_i_31), lanes_splat(REAL(0.0)), product_i_31);
        const lanes d_t_i = choice_i_21 + choice_i_26;
        const lanes product_i_32 = difference_i_4 * t_i;
        const lanes choice_i_27 = lanes_select(condition_i_19 & ~lanes_equal(product_i_32, product_i_32), lanes_splat(REAL(0.0)), product_i_32);
        const lanes d_bend_i = choice_i_13 + choice_i_27;
        const lanes_int condition_i_20 = lanes_less_equal(v_max_i, height_i);
        const lanes v_sum_i_5 = choice_i_22 + choice_i_24 + lanes_select(condition_i_20, lanes_splat(REAL(0.0)), d_t_i);
        const lanes choice_i_28 = lanes_select(lanes_less_equal(lanes_splat(REAL(0.0)), difference_i_2), lanes_select(condition_i_20, d_t_i, lanes_splat(REAL(0.0))), lanes_splat(REAL(0.0)));
        store_each(t_3 + i, choice_i_28, BLOCK - i);
        store_each(d_y_b + i, lanes_select(inside_i, lanes_splat(REAL(0.0)), d_x_b_i) + choice_i_28, BLOCK - i);
        store_each(d_lower + i, -choice_i_28, BLOCK - i);
        const lanes d_mean_slope_i = lanes_fma(d_bend_i, lanes_splat(-REAL(2.0)), choice_i_6 + choice_i_9 + d_denominator_i + choice_i_20 + choice_i_25);
        store_each(d_mean_slope + i, d_mean_slope_i, BLOCK - i);
        store_each(d_slope_left + i, choice_i_7 + choice_i_23 - choice_i_25 + d_bend_i, BLOCK - i);
        store_each(d_slope_right + i, choice_i_11 + d_bend_i, BLOCK - i);
        const lanes ratio_i_4 = d_mean_slope_i / width_i;
        store_each(d_height + i, v_sum_i_5 + ratio_i_4, BLOCK - i);
        store_each(t_4 + i, -(ratio_i_4 * mean_slope_i), BLOCK - i);
    }
    for (int i = 0; i < BLOCK; i += LANES) {
        const lanes x_i_4 = lanes_load(t_4 + i);
        const lanes_int condition_i_21 = lanes_equal(lanes_load(d_mean_slope + i), lanes_splat(REAL(0.0))) & ~lanes_equal(x_i_4, x_i_4);
        const lanes d_width_i = lanes_load(t_2 + i) + lanes_select(condition_i_21, lanes_splat(REAL(0.0)), x_i_4);
        const lanes d_slope_right_i = lanes_load(d_slope_right + i);
        const lanes product_i_33 = d_slope_right_i * lanes_sigmoid(lanes_load(x_10 + i));
        const lanes_int condition_i_22 = lanes_equal(d_slope_right_i, lanes_splat(REAL(0.0))) & ~lanes_equal(product_i_33, product_i_33);
        store_each(t_5 + i, lanes_select(condition_i_22, lanes_splat(REAL(0.0)), product_i_33), BLOCK - i);
        const lanes d_slope_left_i = lanes_load(d_slope_left + i);
        const lanes product_i_34 = d_slope_left_i * lanes_sigmoid(lanes_load(x_9 + i));
        const lanes_int condition_i_23 = lanes_equal(d_slope_left_i, lanes_splat(REAL(0.0))) & ~lanes_equal(product_i_34, product_i_34);
        store_each(t_6 + i, lanes_select(condition_i_23, lanes_splat(REAL(0.0)), product_i_34), BLOCK - i);
        const lanes d_height_i = lanes_load(d_height + i);
        const lanes length_per_share_i_2 = lanes_load(length_per_share_2 + i);
        const lanes product_i_35 = d_height_i * length_per_share_i_2;
        const lanes_int condition_i_24 = lanes_equal(d_height_i, lanes_splat(REAL(0.0)));
        store_each(t_7 + i, lanes_select(condition_i_24 & ~lanes_equal(product_i_35, product_i_35), lanes_splat(REAL(0.0)), product_i_35), BLOCK - i);
        const lanes product_i_36 = d_height_i * lanes_load(x_8 + i);
        const lanes choice_i_29 = lanes_select(condition_i_24 & ~lanes_equal(product_i_36, product_i_36), lanes_splat(REAL(0.0)), product_i_36);
        const lanes x_i_5 = lanes_load(t_3 + i);
        const lanes neg_i_3 = -(x_i_5 * length_per_share_i_2);
        const lanes_int condition_i_25 = lanes_equal(lanes_load(d_lower + i), lanes_splat(REAL(0.0)));
        store_each(t_8 + i, lanes_select(condition_i_25 & ~lanes_equal(neg_i_3, neg_i_3), lanes_splat(REAL(0.0)), neg_i_3), BLOCK - i);
        const lanes neg_i_4 = -(x_i_5 * lanes_load(x_7 + i));
        const lanes choice_i_30 = lanes_select(condition_i_25 & ~lanes_equal(neg_i_4, neg_i_4), lanes_splat(REAL(0.0)), neg_i_4);
        const lanes d_length_per_share_i = choice_i_29 + choice_i_30;
        const lanes length_per_share_i_3 = lanes_load(length_per_share + i);
        const lanes product_i_37 = d_width_i * length_per_share_i_3;
        const lanes_int condition_i_26 = lanes_equal(d_width_i, lanes_splat(REAL(0.0)));
        store_each(t_9 + i, lanes_select(condition_i_26 & ~lanes_equal(product_i_37, product_i_37), lanes_splat(REAL(0.0)), product_i_37), BLOCK - i);
        const lanes product_i_38 = d_width_i * lanes_load(x_6 + i);
        const lanes choice_i_31 = lanes_select(condition_i_26 & ~lanes_equal(product_i_38, product_i_38), lanes_splat(REAL(0.0)), product_i_38);
        const lanes d_left_i_2 = lanes_load(d_left + i);
        const lanes product_i_39 = d_left_i_2 * length_per_share_i_3;
        const lanes_int x_i_6 = lanes_is_true(lanes_load(t + i));
        store_each(t_10 + i, lanes_select(x_i_6 & ~lanes_equal(product_i_39, product_i_39), lanes_splat(REAL(0.0)), product_i_39), BLOCK - i);
        const lanes product_i_40 = d_left_i_2 * lanes_load(x_5 + i);
        const lanes choice_i_32 = lanes_select(x_i_6 & ~lanes_equal(product_i_40, product_i_40), lanes_splat(REAL(0.0)), product_i_40);
        const lanes d_length_per_share_i_2 = choice_i_31 + choice_i_32;
        const lanes product_i_41 = d_length_per_share_i * (length_per_share_i_2 * length_per_share_i_2 * (-REAL(0.12755102040816327)));
        const lanes_int condition_i_27 = lanes_equal(d_length_per_share_i, lanes_splat(REAL(0.0))) & ~lanes_equal(product_i_41, product_i_41);
        store_each(t_11 + i, lanes_select(condition_i_27, lanes_splat(REAL(0.0)), product_i_41), BLOCK - i);
        const lanes product_i_42 = d_length_per_share_i_2 * (length_per_share_i_3 * length_per_share_i_3 * (-REAL(0.12755102040816327)));
        const lanes_int condition_i_28 = lanes_equal(d_length_per_share_i_2, lanes_splat(REAL(0.0))) & ~lanes_equal(product_i_42, product_i_42);
        store_each(t_12 + i, lanes_select(condition_i_28, lanes_splat(REAL(0.0)), product_i_42), BLOCK - i);
    }
    for (int i = 0; i < 19; i += I_STEP)
        for (int s = 0; s < BLOCK; s += S_STEP) {
            const lanes bin_i = load_sample(bin + s);
            const lanes choice_i_33 = lanes_select(lanes_equal(load_feature(table_4 + i), bin_i), load_sample(t_5 + s), lanes_splat(REAL(0.0)));
            const lanes choice_i_34 = lanes_select(lanes_equal(load_feature(table_3 + i), bin_i), load_sample(t_6 + s), lanes_splat(REAL(0.0)));
            store_each(t_13 + i * BLOCK + s, choice_i_33 + choice_i_34, 19 - i);
        }
    for (int i = 0; i < 20; i += I_STEP)
        for (int s = 0; s < BLOCK; s += S_STEP) {
            const lanes x_i_7 = load_feature(table_2 + i);
            const lanes bin_i_2 = load_sample(bin + s);
            const lanes_int is_bin_i = lanes_equal(x_i_7, bin_i_2);
            const lanes_int is_below_i = lanes_less(x_i_7, bin_i_2);
            const lanes v_sum_i_6 = lanes_select(is_bin_i, load_sample(t_7 + s), lanes_splat(REAL(0.0))) + lanes_select(is_below_i, load_sample(t_8 + s), lanes_splat(REAL(0.0)));
            const lanes v_sum_i_7 = lanes_select(is_bin_i, load_sample(t_9 + s), lanes_splat(REAL(0.0))) + lanes_select(is_below_i, load_sample(t_10 + s), lanes_splat(REAL(0.0)));
            const lanes d_share_i = v_sum_i_6 + load_sample(t_11 + s);
            const lanes product_i_43 = d_share_i * lanes_load(share_2 + i * BLOCK + s);
            const lanes_int condition_i_29 = lanes_equal(d_share_i, lanes_splat(REAL(0.0))) & ~lanes_equal(product_i_43, product_i_43);
            const lanes x_i_8 = lanes_load(x_4 + i * BLOCK + s);
            const lanes_int condition_i_30 = lanes_less_equal(lanes_max(x_i_8, lanes_splat(-REAL(3e+01))), lanes_splat(REAL(3e+01)));
            const lanes choice_i_35 = lanes_select(condition_i_30, lanes_select(condition_i_29, lanes_splat(REAL(0.0)), product_i_43), lanes_splat(REAL(0.0)));
            store_each(t_14 + i * BLOCK + s, lanes_select(lanes_less_equal(lanes_splat(-REAL(3e+01)), x_i_8), choice_i_35, lanes_splat(REAL(0.0))), 20 - i);
            const lanes d_share_i_2 = v_sum_i_7 + load_sample(t_12 + s);
            const lanes product_i_44 = d_share_i_2 * lanes_load(share + i * BLOCK + s);
            const lanes_int condition_i_31 = lanes_equal(d_share_i_2, lanes_splat(REAL(0.0))) & ~lanes_equal(product_i_44, product_i_44);
            const lanes x_i_9 = lanes_load(x_3 + i * BLOCK + s);
            const lanes_int condition_i_32 = lanes_less_equal(lanes_max(x_i_9, lanes_splat(-REAL(3e+01))), lanes_splat(REAL(3e+01)));
            const lanes choice_i_36 = lanes_select(condition_i_32, lanes_select(condition_i_31, lanes_splat(REAL(0.0)), product_i_44), lanes_splat(REAL(0.0)));
            store_each(t_15 + i * BLOCK + s, lanes_select(lanes_less_equal(lanes_splat(-REAL(3e+01)), x_i_9), choice_i_36, lanes_splat(REAL(0.0))), 20 - i);
        }
    copy_reals(t_16, t_15, 20 * BLOCK);
    copy_reals(t_16 + 20 * BLOCK, t_14, 20 * BLOCK);
    copy_reals(t_16 + 40 * BLOCK, t_13, 19 * BLOCK);
    dense_32x59_then(net_2_weight, t_16, x_2, hidden_2, t_17);
    for (int i = 0; i < 32 * BLOCK; i += LANES) {
        const lanes hidden_i = lanes_load(hidden_2 + i);
        store_each(t_18 + i, lanes_select(lanes_less(lanes_abs(hidden_i), lanes_splat(REAL_INFINITY)), hidden_i, lanes_splat(REAL(0.0))), 32 * BLOCK - i);
        const lanes hidden_i_2 = lanes_load(hidden + i);
        store_each(t_19 + i, lanes_select(lanes_less(lanes_abs(hidden_i_2), lanes_splat(REAL_INFINITY)), hidden_i_2, lanes_splat(REAL(0.0))), 32 * BLOCK - i);
    }
    sum_59x32(t_16, t_18, block->count, block->adds, workspace + FRAME(10752, 160), d_net_2_weight);
    sum_samples(t_16, 59, block->count, block->adds, d_net_2_bias);
    dense_32x32_then(net_1_weight, t_17, x, hidden, t_20);
    sum_32x32(t_17, t_19, block->count, block->adds, workspace + FRAME(4096, 96), d_net_1_weight);
    sum_samples(t_17, 32, block->count, block->adds, d_net_1_bias);
    dense_1x32(net_0_weight, t_20, d_x_a);
    for (int i = 0; i < BLOCK; i += LANES) {
        const lanes x_a_i = lanes_load(x_a + i);
        store_each(t_21 + i, lanes_select(lanes_less(lanes_abs(x_a_i), lanes_splat(REAL_INFINITY)), x_a_i, lanes_splat(REAL(0.0))), BLOCK - i);
    }
    sum_1x32(t_21, t_20, block->count, block->adds, d_net_0_weight);
    sum_samples(t_20, 32, block->count, block->adds, d_net_0_bias);
}

/* Backward of gaussian_log_prob: from the cotangents of its results those of its inputs. Standard normal: log p(z) = -|z|^2 / 2 - D/2 log(2 pi).    ring.yaml:6 */
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
#ifndef RING_WITHOUT_STEP

static void entry_step_once(const real *scalars, real *shared)
{
    const real loss_0_weight = scalars[1];
    real *const d_log_q = shared + 32;
    /* backward of: forward KL: the batch's mean of -log q(data)    ring.yaml:6 */
    d_log_q[0] = loss_0_weight * (-REAL(0.001953125));
}

static void entry_step_block(const Block *block, const real *weights, const real *data, real *shared, real *batch, real *sums, real *workspace)
{
    real *const y = workspace + FRAME(0, 0);
    real *const x_b = workspace + FRAME(128, 16);
    real *const log_det = batch + 0;
    real *const t = workspace + FRAME(192, 32);
    real *const hidden = workspace + FRAME(2240, 64);
    real *const t_2 = workspace + FRAME(4288, 96);
    real *const hidden_2 = workspace + FRAME(6336, 128);
    real *const t_3 = workspace + FRAME(8384, 160);
    real *const share = workspace + FRAME(9664, 192);
    real *const length_per_share = workspace + FRAME(10944, 224);
    real *const t_4 = workspace + FRAME(11008, 240);
    real *const share_2 = workspace + FRAME(12288, 272);
    real *const length_per_share_2 = workspace + FRAME(13568, 304);
    real *const bin = workspace + FRAME(13632, 320);
    real *const t_5 = workspace + FRAME(13696, 336);
    real *const t_6 = workspace + FRAME(13760, 352);
    real *const t_7 = workspace + FRAME(13824, 368);
    real *const t_8 = workspace + FRAME(13888, 384);
    real *const t_9 = workspace + FRAME(13952, 400);
    real *const slope_left = workspace + FRAME(14016, 416);
    real *const t_10 = workspace + FRAME(14080, 432);
    real *const slope_right = workspace + FRAME(14144, 448);
    real *const mean_slope = workspace + FRAME(14208, 464);
    real *const t_11 = workspace + FRAME(14272, 480);
    real *const theta = workspace + FRAME(14336, 496);
    real *const t_12 = workspace + FRAME(14400, 512);
    real *const t_13 = workspace + FRAME(14464, 528);
    real *const x_b_2 = workspace + FRAME(14528, 544);
    real *const log_det_2 = batch + 64;
    real *const t_14 = workspace + FRAME(14592, 560);
    real *const hidden_3 = workspace + FRAME(16640, 592);
    real *const t_15 = workspace + FRAME(18688, 624);
    real *const hidden_4 = workspace + FRAME(20736, 656);
    real *const t_16 = workspace + FRAME(22784, 688);
    real *const share_3 = workspace + FRAME(24064, 720);
    real *const length_per_share_3 = workspace + FRAME(25344, 752);
    real *const t_17 = workspace + FRAME(25408, 768);
    real *const share_4 = workspace + FRAME(26688, 800);
    real *const length_per_share_4 = workspace + FRAME(27968, 832);
    real *const bin_2 = workspace + FRAME(28032, 848);
    real *const t_18 = workspace + FRAME(28096, 864);
    real *const t_19 = workspace + FRAME(28160, 880);
    real *const t_20 = workspace + FRAME(28224, 896);
    real *const t_21 = workspace + FRAME(28288, 912);
    real *const t_22 = workspace + FRAME(28352, 928);
    real *const slope_left_2 = workspace + FRAME(28416, 944);
    real *const t_23 = workspace + FRAME(28480, 960);
    real *const slope_right_2 = workspace + FRAME(28544, 976);
    real *const mean_slope_2 = workspace + FRAME(28608, 992);
    real *const t_24 = workspace + FRAME(28672, 1008);
    real *const theta_2 = workspace + FRAME(28736, 1024);
    real *const t_25 = workspace + FRAME(28800, 1040);
    real *const t_26 = workspace + FRAME(28864, 1056);
    real *const x_b_3 = workspace + FRAME(28928, 1072);
    real *const log_det_3 = batch + 128;
    real *const t_27 = workspace + FRAME(28992, 1088);
    real *const hidden_5 = workspace + FRAME(31040, 1120);
    real *const t_28 = workspace + FRAME(33088, 1152);
    real *const hidden_6 = workspace + FRAME(35136, 1184);
    real *const t_29 = workspace + FRAME(37184, 1216);
    real *const share_5 = workspace + FRAME(38464, 1248);
    real *const length_per_share_5 = workspace + FRAME(39744, 1280);
    real *const t_30 = workspace + FRAME(39808, 1296);
    real *const share_6 = workspace + FRAME(41088, 1328);
    real *const length_per_share_6 = workspace + FRAME(42368, 1360);
    real *const bin_3 = workspace + FRAME(42432, 1376);
    real *const t_31 = workspace + FRAME(42496, 1392);
    real *const t_32 = workspace + FRAME(42560, 1408);
    real *const t_33 = workspace + FRAME(42624, 1424);
    real *const t_34 = workspace + FRAME(42688, 1440);
    real *const t_35 = workspace + FRAME(42752, 1456);
    real *const slope_left_3 = workspace + FRAME(42816, 1472);
    real *const t_36 = workspace + FRAME(42880, 1488);
    real *const slope_right_3 = workspace + FRAME(42944, 1504);
    real *const mean_slope_3 = workspace + FRAME(43008, 1520);
    real *const t_37 = workspace + FRAME(43072, 1536);
    real *const theta_3 = workspace + FRAME(43136, 1552);
    real *const t_38 = workspace + FRAME(43200, 1568);
    real *const t_39 = workspace + FRAME(43264, 1584);
    real *const x_b_4 = workspace + FRAME(43328, 1600);
    real *const log_det_4 = batch + 192;
    real *const t_40 = workspace + FRAME(43392, 1616);
    real *const hidden_7 = workspace + FRAME(45440, 1648);
    real *const t_41 = workspace + FRAME(47488, 1680);
    real *const hidden_8 = workspace + FRAME(49536, 1712);
    real *const t_42 = workspace + FRAME(51584, 1744);
    real *const share_7 = workspace + FRAME(52864, 1776);
    real *const length_per_share_7 = workspace + FRAME(54144, 1808);
    real *const t_43 = workspace + FRAME(54208, 1824);
    real *const share_8 = workspace + FRAME(55488, 1856);
    real *const length_per_share_8 = workspace + FRAME(56768, 1888);
    real *const bin_4 = workspace + FRAME(56832, 1904);
    real *const t_44 = workspace + FRAME(56896, 1920);
    real *const t_45 = workspace + FRAME(56960, 1936);
    real *const t_46 = workspace + FRAME(57024, 1952);
    real *const t_47 = workspace + FRAME(57088, 1968);
    real *const t_48 = workspace + FRAME(57152, 1984);
    real *const slope_left_4 = workspace + FRAME(57216, 2000);
    real *const t_49 = workspace + FRAME(57280, 2016);
    real *const slope_right_4 = workspace + FRAME(57344, 2032);
    real *const mean_slope_4 = workspace + FRAME(57408, 2048);
    real *const t_50 = workspace + FRAME(57472, 2064);
    real *const theta_4 = workspace + FRAME(57536, 2080);
    real *const t_51 = workspace + FRAME(57600, 2096);
    real *const t_52 = workspace + FRAME(57664, 2112);
    real *const z = workspace + FRAME(57728, 2128);
    real *const log_prob = batch + 256;
    real *const d_log_q = shared + 32;
    real *const d_z = workspace + FRAME(57856, 2144);
    real *const t_53 = workspace + FRAME(57728, 2128);
    real *const t_54 = workspace + FRAME(57792, 2160);
    real *const d_x_b = workspace + FRAME(28928, 1072);
    real *const t_55 = workspace + FRAME(43392, 1616);
    real *const t_56 = workspace + FRAME(43456, 1632);
    real *const d_x_b_2 = workspace + FRAME(14528, 544);
    real *const t_57 = workspace + FRAME(28928, 1072);
    real *const d_x_b_3 = workspace + FRAME(128, 16);
    real *const t_58 = workspace + FRAME(14528, 544);
    real *const d_log_q_each = workspace + FRAME(43328, 1600);
    standardise(weights + 12268, data, y, sums + 12272);
    /* flow.layers.3    ring.yaml:8 */
    coupling_spline_inverse_forward(weights + 9201, y + 1 * BLOCK, y, x_b, log_det, t, hidden, t_2, hidden_2, t_3, share, length_per_share, t_4, share_2, length_per_share_2, bin, t_5, t_6, t_7, t_8, t_9, slope_left, t_10, slope_right, mean_slope, t_11, theta, t_12, t_13, workspace + FRAME(57984, 2176));
    /* flow.layers.2    ring.yaml:8 */
    coupling_spline_inverse_forward(weights + 6134, x_b, y + 1 * BLOCK, x_b_2, log_det_2, t_14, hidden_3, t_15, hidden_4, t_16, share_3, length_per_share_3, t_17, share_4, length_per_share_4, bin_2, t_18, t_19, t_20, t_21, t_22, slope_left_2, t_23, slope_right_2, mean_slope_2, t_24, theta_2, t_25, t_26, workspace + FRAME(57984, 2176));
    /* flow.layers.1    ring.yaml:8 */
    coupling_spline_inverse_forward_2(weights + 3067, x_b_2, x_b, x_b_3, log_det_3, t_27, hidden_5, t_28, hidden_6, t_29, share_5, length_per_share_5, t_30, share_6, length_per_share_6, bin_3, t_31, t_32, t_33, t_34, t_35, slope_left_3, t_36, slope_right_3, mean_slope_3, t_37, theta_3, t_38, t_39, workspace + FRAME(57984, 2176));
    /* flow.layers.0    ring.yaml:8 */
    coupling_spline_inverse_forward_2(weights, x_b_3, x_b_2, x_b_4, log_det_4, t_40, hidden_7, t_41, hidden_8, t_42, share_7, length_per_share_7, t_43, share_8, length_per_share_8, bin_4, t_44, t_45, t_46, t_47, t_48, slope_left_4, t_49, slope_right_4, mean_slope_4, t_50, theta_4, t_51, t_52, workspace + FRAME(57984, 2176));
    for (int s = 0; s < BLOCK; s += S_STEP) {
        store_row(z + 0 * BLOCK + s, load_row(x_b_3 + 0 * BLOCK + s));
    }
    for (int s = 0; s < BLOCK; s += S_STEP) {
        store_row(z + 1 * BLOCK + s, load_row(x_b_4 + 0 * BLOCK + s));
    }
    gaussian_log_prob(z, log_prob, workspace + FRAME(57984, 2176));
    for (int i = 0; i < BLOCK; i += LANES) {
        store_each(d_log_q_each + i, lanes_splat(d_log_q[0]), BLOCK - i);
    }
    /* backward of: flow.layers.0    ring.yaml:6 */
    gaussian_log_prob_backward(z, d_log_q_each, d_z, workspace + FRAME(57984, 2176));
    coupling_spline_inverse_backward_2(block, weights, x_b_3, x_b_2, t_40, hidden_7, t_41, hidden_8, t_42, share_7, length_per_share_7, t_43, share_8, length_per_share_8, bin_4, t_44, t_45, t_46, t_47, t_48, slope_left_4, t_49, slope_right_4, mean_slope_4, t_50, theta_4, t_51, t_52, d_z + 1 * BLOCK, d_log_q_each, sums, t_53, t_54, workspace + FRAME(57984, 2176));
    for (int i = 0; i < BLOCK; i += LANES) {
        store_each(d_x_b + i, lanes_load(d_z + i) + lanes_load(t_53 + i), BLOCK - i);
    }
    /* backward of: flow.layers.1    ring.yaml:8 */
    coupling_spline_inverse_backward_2(block, weights + 3067, x_b_2, x_b, t_27, hidden_5, t_28, hidden_6, t_29, share_5, length_per_share_5, t_30, share_6, length_per_share_6, bin_3, t_31, t_32, t_33, t_34, t_35, slope_left_3, t_36, slope_right_3, mean_slope_3, t_37, theta_3, t_38, t_39, d_x_b, d_log_q_each, sums + 3067, t_55, t_56, workspace + FRAME(57984, 2176));
    for (int i = 0; i < BLOCK; i += LANES) {
        store_each(d_x_b_2 + i, lanes_load(t_54 + i) + lanes_load(t_55 + i), BLOCK - i);
    }
    /* backward of: flow.layers.2    ring.yaml:8 */
    coupling_spline_inverse_backward(block, weights + 6134, x_b, y + 1 * BLOCK, t_14, hidden_3, t_15, hidden_4, t_16, share_3, length_per_share_3, t_17, share_4, length_per_share_4, bin_2, t_18, t_19, t_20, t_21, t_22, slope_left_2, t_23, slope_right_2, mean_slope_2, t_24, theta_2, t_25, t_26, d_x_b_2, d_log_q_each, sums + 6134, t_57, workspace + FRAME(57984, 2176));
    for (int i = 0; i < BLOCK; i += LANES) {
        store_each(d_x_b_3 + i, lanes_load(t_56 + i) + lanes_load(t_57 + i), BLOCK - i);
    }
    /* backward of: flow.layers.3    ring.yaml:8 */
    coupling_spline_inverse_backward(block, weights + 9201, y + 1 * BLOCK, y, t, hidden, t_2, hidden_2, t_3, share, length_per_share, t_4, share_2, length_per_share_2, bin, t_5, t_6, t_7, t_8, t_9, slope_left, t_10, slope_right, mean_slope, t_11, theta, t_12, t_13, d_x_b_3, d_log_q_each, sums + 9201, t_58, workspace + FRAME(57984, 2176));
}

static void entry_step_block_1(const Block *block, real *shared, real *batch, double *double_sums, real *workspace)
{
    real *const log_q = shared + 0;
    real *const log_det = batch + 0;
    real *const log_det_2 = batch + 64;
    real *const log_det_3 = batch + 128;
    real *const log_det_4 = batch + 192;
    real *const log_prob = batch + 256;
    real *const log_q_2 = workspace + FRAME(0, 0);
    for (int i = 0; i < BLOCK; i += LANES) {
        const lanes log_q_i = log_q[0] + lanes_load(log_det + i);
        const lanes log_q_i_2 = log_q_i + lanes_load(log_det_2 + i);
        const lanes log_q_i_3 = log_q_i_2 + lanes_load(log_det_3 + i);
        const lanes log_q_i_4 = log_q_i_3 + lanes_load(log_det_4 + i);
        store_each(log_q_2 + i, log_q_i_4 + lanes_load(log_prob + i), BLOCK - i);
    }
    /* forward KL: the batch's mean of -log q(data)    ring.yaml:6 */
    double_sums[0] = sum_samples_double(log_q_2, block->count);
}

static void entry_step_once_2(const real *scalars, real *loss, real *shared)
{
    const real loss_0_weight = scalars[1];
    real *const t = shared + 16;
    const real forward_kl_value = t[0] * (-REAL(0.001953125));
    loss[0] = forward_kl_value * loss_0_weight;
}

double MODEL(step)(const real *weights, const real *scalars, const real *data, uint64_t seed, uint32_t step, real *gradient, void *workspace, int threads)
{
    real loss = REAL(0.0);
    ptrdiff_t added = 1;
    real *const shared = workspace;
    double *const double_sums = (double *)(void *)(shared + 48);
    real *const sums = shared + 304;
    real *const batch = shared + 98608;
    real *const frames = shared + 102192;
    (void)threads;
    memset(gradient + 12268, 0, 4 * sizeof *gradient);
    entry_step_once(scalars, shared);
    PARALLEL_FOR
    for (ptrdiff_t shard = 0; shard < 8; shard++) {
        Block block = block_of(512, shard, seed, 0, step);
        const ptrdiff_t place = block_place(&block, shard, &added);
        block_from_rows(&block, data, 2, batch + shard * 448 + 320);
        entry_step_block(&block, weights, batch + shard * 448 + 320, shared, batch + shard * 448, sums + place * 12288, frames + ANSATZ_THREAD() * 70848);
    }
    copy_reals(shared, sums + 12272, 1);
    sum_shards(sums, sums, added, 8, 12288, 12268, gradient, threads);
    PARALLEL_FOR
    for (ptrdiff_t shard = 0; shard < 8; shard++) {
        const Block block = block_of(512, shard, seed, 0, step);
        entry_step_block_1(&block, shared, batch + shard * 448, double_sums + shard * 16, frames + ANSATZ_THREAD() * 70848);
    }
    *(shared + 16) = (real)sum_shards_double(double_sums, 8, 16);
    entry_step_once_2(scalars, &loss, shared);
    return (double)loss;
}
#endif
