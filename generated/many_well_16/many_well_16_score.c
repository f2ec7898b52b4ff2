/* SPDX-License-Identifier: MIT-0 */
/* The gradient of the model's log-density.
 * Compiled from many_well_16.yaml by ansatz 0.1.0. */
#include "many_well_16_parts.h"

/* Inverse of a spline coupling: x_a = y_a, x_b = g^-1(y_b; p(x_a)); log|det J| = -sum log g'(x_b). Durkan, Bekasov, Murray, Papamakarios 2019, eq. 4-8. p: a dense net 8 -> 64 -> 64 -> 376, silu; 16 bins of [-B, B], B = 4, the identity outside.    many_well_16.yaml:14 */
static void coupling_spline_inverse_forward(const real *weights, const real *x_a, const real *y_b, real *x_b, real *log_det, real *result, real *share, real *length_per_share, real *result_2, real *share_2, real *length_per_share_2, real *bin, real *result_3, real *result_4, real *result_5, real *result_6, real *result_7, real *slope_left, real *result_8, real *slope_right, real *mean_slope, real *result_9, real *result_10, real *theta, real *result_11, real *result_12, real *partial, real *partial_2, real *workspace)
{
    const real *const net_0_weight = weights + 0;
    const real *const net_0_bias = weights + 512;
    const real *const net_1_weight = weights + 576;
    const real *const net_1_bias = weights + 4672;
    const real *const net_2_weight = weights + 4736;
    const real *const net_2_bias = weights + 28800;
    real *const hidden = workspace + FRAME(0, 0);
    real *const hidden_2 = workspace + FRAME(4096, 64);
    real *const t = workspace + FRAME(8192, 128);
    real *const t_2 = workspace + FRAME(0, 0);
    real *const t_3 = workspace + FRAME(512, 16);
    real *const shares_up_to = workspace + FRAME(0, 0);
    real *const left = workspace + FRAME(0, 0);
    real *const width = workspace + FRAME(512, 16);
    real *const height = workspace + FRAME(1024, 32);
    real *const t_6 = workspace + FRAME(3072, 96);
    real *const t_7 = workspace + FRAME(3584, 112);
    real *const t_4 = workspace + FRAME(1536, 48);
    real *const minus_c = workspace + FRAME(2048, 64);
    real *const t_5 = workspace + FRAME(2560, 80);
    real *const t_8 = workspace + FRAME(4096, 512);
    dense_64x8_sigmoid_2(net_0_weight, x_a, net_0_bias, hidden, partial_2);
    dense_64x64_sigmoid_2(net_1_weight, hidden, net_1_bias, hidden_2, partial);
    dense_376x64(net_2_weight, hidden_2, net_2_bias, t);
    for (int i = 0; i < 8; i++)
        for (int s = 0; s < BLOCK; s += S_STEP) {
            lanes v_sum_i = lanes_splat(REAL(0.0));
            lanes v_sum_i_2 = lanes_splat(REAL(0.0));
            for (int j = 0; j < 16; j += I_STEP) {
                const lanes v_max_i = lanes_max(lanes_load(t + (16 * i + j) * BLOCK + s), lanes_splat(-REAL(3e+01)));
                const lanes share_i = lanes_exp(lanes_min(v_max_i, lanes_splat(REAL(3e+01))));
                store_each(share + (16 * i + j) * BLOCK + s, share_i, 16 - j);
                v_sum_i = add_terms(v_sum_i, share_i, 16 - j);
                const lanes v_max_i_2 = lanes_max(lanes_load(t + (16 * i + j + 128) * BLOCK + s), lanes_splat(-REAL(3e+01)));
                const lanes share_i_2 = lanes_exp(lanes_min(v_max_i_2, lanes_splat(REAL(3e+01))));
                store_each(share_2 + (16 * i + j) * BLOCK + s, share_i_2, 16 - j);
                v_sum_i_2 = add_terms(v_sum_i_2, share_i_2, 16 - j);
            }
            store_row(t_2 + i * BLOCK + s, v_sum_i);
            store_row(t_3 + i * BLOCK + s, v_sum_i_2);
        }
    for (int i = 0; i < 8 * BLOCK; i += LANES) {
        store_each(length_per_share + i, REAL(7.872) / lanes_load(t_2 + i), 8 * BLOCK - i);
        store_each(length_per_share_2 + i, REAL(7.872) / lanes_load(t_3 + i), 8 * BLOCK - i);
    }
    for (int i = 0; i < 8; i++) {
        for (int k = 0; k < 1; k++) {
            for (int s = 0; s < BLOCK; s += S_STEP) {
                lanes sum = lanes_splat(REAL(0.0));
                for (int j = 0; j < 16; j++) {
                    const lanes term = load_row(share_2 + (16 * i + j + k) * BLOCK + s);
                    sum = sum + term;
                    store_row(shares_up_to + (16 * i + j + k) * BLOCK + s, sum);
                }
            }
        }
    }
    for (int i = 0; i < 8; i++)
        for (int s = 0; s < BLOCK; s += S_STEP) {
            lanes bin_i = lanes_splat(REAL(0.0));
            for (int j = 0; j < 15; j += I_STEP) {
                const lanes knot_i = lanes_fma(lanes_load(shares_up_to + (16 * i + j) * BLOCK + s), load_sample(length_per_share_2 + i * BLOCK + s), load_feature(table_4 + j));
                const lanes to_real_i = lanes_select(lanes_less_equal(knot_i, load_sample(y_b + i * BLOCK + s)), lanes_splat(REAL(1.0)), lanes_splat(REAL(0.0)));
                bin_i = add_terms(bin_i, to_real_i, 15 - j);
            }
            store_row(bin + i * BLOCK + s, bin_i);
        }
    for (int i = 0; i < 8; i++)
        for (int s = 0; s < BLOCK; s += S_STEP) {
            lanes v_sum_i_3 = lanes_splat(REAL(0.0));
            lanes v_sum_i_4 = lanes_splat(REAL(0.0));
            lanes v_sum_i_5 = lanes_splat(REAL(0.0));
            lanes v_sum_i_6 = lanes_splat(REAL(0.0));
            for (int j = 0; j < 16; j += I_STEP) {
                const lanes x_i = load_feature(table_5 + j);
                const lanes bin_i_2 = load_sample(bin + i * BLOCK + s);
                const lanes_int is_below_i = lanes_less(x_i, bin_i_2);
                const lanes_int is_bin_i = lanes_equal(x_i, bin_i_2);
                const lanes share_i_3 = lanes_load(share + (16 * i + j) * BLOCK + s);
                v_sum_i_3 = add_terms(v_sum_i_3, lanes_select(is_below_i, share_i_3, lanes_splat(REAL(0.0))), 16 - j);
                v_sum_i_4 = add_terms(v_sum_i_4, lanes_select(is_bin_i, share_i_3, lanes_splat(REAL(0.0))), 16 - j);
                const lanes share_i_4 = lanes_load(share_2 + (16 * i + j) * BLOCK + s);
                v_sum_i_5 = add_terms(v_sum_i_5, lanes_select(is_below_i, share_i_4, lanes_splat(REAL(0.0))), 16 - j);
                v_sum_i_6 = add_terms(v_sum_i_6, lanes_select(is_bin_i, share_i_4, lanes_splat(REAL(0.0))), 16 - j);
            }
            store_row(result_3 + i * BLOCK + s, v_sum_i_3);
            store_row(result_4 + i * BLOCK + s, v_sum_i_4);
            store_row(result_5 + i * BLOCK + s, v_sum_i_5);
            store_row(result_6 + i * BLOCK + s, v_sum_i_6);
        }
    for (int i = 0; i < 8 * BLOCK; i += LANES) {
        const lanes v_sum_i_7 = lanes_fma(lanes_load(bin + i), lanes_splat(REAL(0.008)), lanes_splat(-REAL(4.0)));
        const lanes length_per_share_i = lanes_load(length_per_share + i);
        store_each(left + i, lanes_fma(lanes_load(result_3 + i), length_per_share_i, v_sum_i_7), 8 * BLOCK - i);
        const lanes width_i = lanes_fma(lanes_load(result_4 + i), length_per_share_i, lanes_splat(REAL(0.008)));
        store_each(width + i, width_i, 8 * BLOCK - i);
        const lanes length_per_share_i_2 = lanes_load(length_per_share_2 + i);
        const lanes lower_i = lanes_fma(lanes_load(result_5 + i), length_per_share_i_2, v_sum_i_7);
        const lanes height_i = lanes_fma(lanes_load(result_6 + i), length_per_share_i_2, lanes_splat(REAL(0.008)));
        store_each(height + i, height_i, 8 * BLOCK - i);
        const lanes mean_slope_i = height_i / width_i;
        store_each(mean_slope + i, mean_slope_i, 8 * BLOCK - i);
        const lanes difference_i = lanes_load(y_b + i) - lower_i;
        store_each(result_9 + i, difference_i, 8 * BLOCK - i);
        const lanes t_i = lanes_min(lanes_max(difference_i, lanes_splat(REAL(0.0))), height_i);
        store_each(t_4 + i, t_i, 8 * BLOCK - i);
        const lanes minus_c_i = mean_slope_i * t_i;
        store_each(minus_c + i, minus_c_i, 8 * BLOCK - i);
        store_each(t_5 + i, minus_c_i * REAL(2.0), 8 * BLOCK - i);
    }
    for (int i = 0; i < 8; i++)
        for (int s = 0; s < BLOCK; s += S_STEP) {
            lanes v_sum_i_8 = lanes_splat(REAL(0.0));
            lanes v_sum_i_9 = lanes_splat(REAL(0.0));
            for (int j = 0; j < 15; j += I_STEP) {
                const lanes bin_i_3 = load_sample(bin + i * BLOCK + s);
                const lanes x_i_2 = lanes_load(t + (15 * i + j + 256) * BLOCK + s);
                const lanes choice_i = lanes_select(lanes_equal(load_feature(table_6 + j), bin_i_3), x_i_2, lanes_splat(REAL(0.0)));
                v_sum_i_8 = add_terms(v_sum_i_8, choice_i, 15 - j);
                const lanes choice_i_2 = lanes_select(lanes_equal(load_feature(table_7 + j), bin_i_3), x_i_2, lanes_splat(REAL(0.0)));
                v_sum_i_9 = add_terms(v_sum_i_9, choice_i_2, 15 - j);
            }
            store_row(t_6 + i * BLOCK + s, v_sum_i_8);
            store_row(t_7 + i * BLOCK + s, v_sum_i_9);
        }
    for (int s = 0; s < BLOCK; s += S_STEP) {
        lanes v_sum_i_10 = lanes_splat(REAL(0.0));
        for (int i = 0; i < 8; i += I_STEP) {
            const lanes v_sum_i_11 = lanes_load(t_6 + i * BLOCK + s) + REAL(0.539742417236952);
            store_each(result_7 + i * BLOCK + s, v_sum_i_11, 8 - i);
            const lanes slope_left_i = lanes_softplus(v_sum_i_11) + REAL(0.001);
            store_each(slope_left + i * BLOCK + s, slope_left_i, 8 - i);
            const lanes v_sum_i_12 = lanes_load(t_7 + i * BLOCK + s) + REAL(0.539742417236952);
            store_each(result_8 + i * BLOCK + s, v_sum_i_12, 8 - i);
            const lanes slope_right_i = lanes_softplus(v_sum_i_12) + REAL(0.001);
            store_each(slope_right + i * BLOCK + s, slope_right_i, 8 - i);
            const lanes mean_slope_i_2 = lanes_load(mean_slope + i * BLOCK + s);
            const lanes bend_i = lanes_fma(mean_slope_i_2, lanes_splat(-REAL(2.0)), slope_left_i + slope_right_i);
            const lanes product_i = lanes_load(t_4 + i * BLOCK + s) * bend_i;
            const lanes height_i_2 = lanes_load(height + i * BLOCK + s);
            const lanes a_i = lanes_fma(height_i_2, mean_slope_i_2 - slope_left_i, product_i);
            const lanes b_i = lanes_fma(height_i_2, slope_left_i, -product_i);
            const lanes v_max_i_3 = lanes_max(lanes_fma(b_i, b_i, a_i * lanes_load(minus_c + i * BLOCK + s) * REAL(4.0)), lanes_splat(REAL(0.0)));
            const lanes sqrt_i = lanes_sqrt(v_max_i_3);
            store_each(result_10 + i * BLOCK + s, sqrt_i, 8 - i);
            const lanes theta_i = lanes_load(t_5 + i * BLOCK + s) / (b_i + sqrt_i);
            store_each(theta + i * BLOCK + s, theta_i, 8 - i);
            const lanes difference_i_2 = REAL(1.0) - theta_i;
            const lanes product_i_2 = theta_i * difference_i_2;
            const lanes denominator_i = lanes_fma(bend_i, product_i_2, mean_slope_i_2);
            const lanes v_sum_i_13 = lanes_fma(slope_right_i, theta_i * theta_i, mean_slope_i_2 * product_i_2 * REAL(2.0));
            const lanes v_sum_i_14 = lanes_fma(slope_left_i, difference_i_2 * difference_i_2, v_sum_i_13);
            store_each(result_11 + i * BLOCK + s, v_sum_i_14, 8 - i);
            const lanes ratio_i = mean_slope_i_2 / denominator_i;
            store_each(result_12 + i * BLOCK + s, ratio_i, 8 - i);
            const lanes log_slope_i = lanes_log(ratio_i * ratio_i * v_sum_i_14);
            const lanes v_sum_i_15 = lanes_fma(theta_i, lanes_load(width + i * BLOCK + s), lanes_load(left + i * BLOCK + s));
            const lanes y_b_i = lanes_load(y_b + i * BLOCK + s);
            const lanes_int inside_i = lanes_less(lanes_abs(y_b_i), lanes_splat(REAL(4.0)));
            store_each(x_b + i * BLOCK + s, lanes_select(inside_i, v_sum_i_15, y_b_i), 8 - i);
            v_sum_i_10 = add_terms(v_sum_i_10, lanes_select(inside_i, log_slope_i, lanes_splat(REAL(0.0))), 8 - i);
        }
        store_row(t_8 + s, v_sum_i_10);
    }
    for (int i = 0; i < BLOCK; i += LANES) {
        store_each(log_det + i, -lanes_load(t_8 + i), BLOCK - i);
    }
    copy_reals(result, t, 128 * BLOCK);
    copy_reals(result_2, t + 128 * BLOCK, 128 * BLOCK);
}

/* Backward of coupling_spline_inverse: from the cotangents of its results those of its inputs. Inverse of a spline coupling: x_a = y_a, x_b = g^-1(y_b; p(x_a)); log|det J| = -sum log g'(x_b). Durkan, Bekasov, Murray, Papamakarios 2019, eq. 4-8. p: a dense net 8 -> 64 -> 64 -> 376, silu; 16 bins of [-B, B], B = 4, the identity outside.    many_well_16.yaml:14 */
static void coupling_spline_inverse_backward(const real *weights, const real *y_b, const real *x, const real *share, const real *length_per_share, const real *x_2, const real *share_2, const real *length_per_share_2, const real *bin, const real *x_3, const real *x_4, const real *x_5, const real *x_6, const real *x_7, const real *slope_left, const real *x_8, const real *slope_right, const real *mean_slope, const real *x_9, const real *x_10, const real *theta, const real *x_11, const real *x_12, const real *partial, const real *partial_2, const real *d_x_b, const real *d_log_det, real *d_x_a, real *d_y_b, real *workspace)
{
    const real *const net_0_weight = weights + 0;
    const real *const net_1_weight = weights + 576;
    const real *const net_2_weight = weights + 4736;
    real *const t = workspace + FRAME(0, 0);
    real *const t_2 = workspace + FRAME(64, 16);
    real *const t_3 = workspace + FRAME(576, 32);
    real *const t_10 = workspace + FRAME(4160, 144);
    real *const t_4 = workspace + FRAME(1088, 48);
    real *const t_5 = workspace + FRAME(1600, 64);
    real *const t_6 = workspace + FRAME(2112, 80);
    real *const t_7 = workspace + FRAME(2624, 96);
    real *const t_8 = workspace + FRAME(3136, 112);
    real *const t_11 = workspace + FRAME(11840, 272);
    real *const t_9 = workspace + FRAME(3648, 128);
    real *const t_12 = workspace + FRAME(20032, 400);
    real *const t_13 = workspace + FRAME(28224, 528);
    real *const t_14 = workspace + FRAME(0, 0);
    real *const t_15 = workspace + FRAME(4096, 64);
    for (int i = 0; i < BLOCK; i += LANES) {
        store_each(t + i, -lanes_load(d_log_det + i), BLOCK - i);
    }
    for (int i = 0; i < 8; i += I_STEP)
        for (int s = 0; s < BLOCK; s += S_STEP) {
            const lanes_int inside_i = lanes_less(lanes_abs(lanes_load(y_b + i * BLOCK + s)), lanes_splat(REAL(4.0)));
            const lanes d_x_b_i = lanes_load(d_x_b + i * BLOCK + s);
            const lanes d_left_i = lanes_select(inside_i, d_x_b_i, lanes_splat(REAL(0.0)));
            const lanes d_log_slope_i = lanes_select(inside_i, load_sample(t + s), lanes_splat(REAL(0.0)));
            const lanes x_i = lanes_load(x_4 + i * BLOCK + s);
            const lanes length_per_share_i = lanes_load(length_per_share + i * BLOCK + s);
            const lanes width_i = lanes_fma(x_i, length_per_share_i, lanes_splat(REAL(0.008)));
            const lanes theta_i = lanes_load(theta + i * BLOCK + s);
            const lanes product_i = d_left_i * theta_i;
            const lanes_int condition_i = lanes_equal(d_left_i, lanes_splat(REAL(0.0))) & ~lanes_equal(product_i, product_i);
            const lanes x_i_2 = lanes_load(x_12 + i * BLOCK + s);
            const lanes product_i_2 = x_i_2 * x_i_2;
            const lanes x_i_3 = lanes_load(x_11 + i * BLOCK + s);
            const lanes ratio_i = d_log_slope_i / (product_i_2 * x_i_3);
            const lanes_int condition_i_2 = lanes_equal(d_log_slope_i, lanes_splat(REAL(0.0))) & ~lanes_equal(ratio_i, ratio_i);
            const lanes choice_i = lanes_select(condition_i_2, lanes_splat(REAL(0.0)), ratio_i);
            const lanes product_i_3 = choice_i * x_i_3;
            const lanes_int condition_i_3 = lanes_equal(choice_i, lanes_splat(REAL(0.0)));
            const lanes choice_i_2 = lanes_select(condition_i_3 & ~lanes_equal(product_i_3, product_i_3), lanes_splat(REAL(0.0)), product_i_3);
            const lanes product_i_4 = choice_i * product_i_2;
            const lanes choice_i_3 = lanes_select(condition_i_3 & ~lanes_equal(product_i_4, product_i_4), lanes_splat(REAL(0.0)), product_i_4);
            const lanes product_i_5 = choice_i_2 * (x_i_2 * REAL(2.0));
            const lanes_int condition_i_4 = lanes_equal(choice_i_2, lanes_splat(REAL(0.0))) & ~lanes_equal(product_i_5, product_i_5);
            const lanes choice_i_4 = lanes_select(condition_i_4, lanes_splat(REAL(0.0)), product_i_5);
            const lanes slope_left_i = lanes_load(slope_left + i * BLOCK + s);
            const lanes slope_right_i = lanes_load(slope_right + i * BLOCK + s);
            const lanes mean_slope_i = lanes_load(mean_slope + i * BLOCK + s);
            const lanes bend_i = lanes_fma(mean_slope_i, lanes_splat(-REAL(2.0)), slope_left_i + slope_right_i);
            const lanes difference_i = REAL(1.0) - theta_i;
            const lanes product_i_6 = theta_i * difference_i;
            const lanes denominator_i = lanes_fma(bend_i, product_i_6, mean_slope_i);
            const lanes ratio_i_2 = choice_i_4 / denominator_i;
            const lanes_int condition_i_5 = lanes_equal(choice_i_4, lanes_splat(REAL(0.0)));
            const lanes choice_i_5 = lanes_select(condition_i_5 & ~lanes_equal(ratio_i_2, ratio_i_2), lanes_splat(REAL(0.0)), ratio_i_2);
            const lanes neg_i = -(ratio_i_2 * x_i_2);
            const lanes d_denominator_i = lanes_select(condition_i_5 & ~lanes_equal(neg_i, neg_i), lanes_splat(REAL(0.0)), neg_i);
            const lanes product_i_7 = choice_i_3 * (difference_i * difference_i);
            const lanes_int condition_i_6 = lanes_equal(choice_i_3, lanes_splat(REAL(0.0)));
            const lanes choice_i_6 = lanes_select(condition_i_6 & ~lanes_equal(product_i_7, product_i_7), lanes_splat(REAL(0.0)), product_i_7);
            const lanes product_i_8 = choice_i_3 * slope_left_i;
            const lanes product_i_9 = product_i_8 * (difference_i * REAL(2.0));
            const lanes_int condition_i_7 = lanes_equal(product_i_8, lanes_splat(REAL(0.0))) & ~lanes_equal(product_i_9, product_i_9);
            const lanes product_i_10 = choice_i_3 * REAL(2.0);
            const lanes product_i_11 = product_i_10 * product_i_6;
            const lanes_int condition_i_8 = lanes_equal(product_i_10, lanes_splat(REAL(0.0))) & ~lanes_equal(product_i_11, product_i_11);
            const lanes v_sum_i = choice_i_5 + lanes_select(condition_i_8, lanes_splat(REAL(0.0)), product_i_11);
            const lanes product_i_12 = choice_i_3 * (theta_i * theta_i);
            const lanes choice_i_7 = lanes_select(condition_i_6 & ~lanes_equal(product_i_12, product_i_12), lanes_splat(REAL(0.0)), product_i_12);
            const lanes product_i_13 = choice_i_3 * slope_right_i;
            const lanes product_i_14 = d_denominator_i * product_i_6;
            const lanes_int condition_i_9 = lanes_equal(d_denominator_i, lanes_splat(REAL(0.0))) & ~lanes_equal(product_i_14, product_i_14);
            const lanes v_sum_i_2 = lanes_fma(product_i_10, mean_slope_i, d_denominator_i * bend_i);
            const lanes product_i_15 = product_i_13 * (theta_i * REAL(2.0));
            const lanes_int condition_i_10 = lanes_equal(product_i_13, lanes_splat(REAL(0.0))) & ~lanes_equal(product_i_15, product_i_15);
            const lanes v_sum_i_3 = lanes_fma(d_left_i, width_i, lanes_select(condition_i_10, lanes_splat(REAL(0.0)), product_i_15));
            const lanes product_i_16 = v_sum_i_2 * (difference_i - theta_i);
            const lanes_int condition_i_11 = lanes_equal(v_sum_i_2, lanes_splat(REAL(0.0))) & ~lanes_equal(product_i_16, product_i_16);
            const lanes v_sum_i_4 = v_sum_i_3 + lanes_select(condition_i_11, lanes_splat(REAL(0.0)), product_i_16);
            const lanes d_theta_i = v_sum_i_4 - lanes_select(condition_i_7, lanes_splat(REAL(0.0)), product_i_9);
            const lanes x_i_4 = lanes_load(x_6 + i * BLOCK + s);
            const lanes length_per_share_i_2 = lanes_load(length_per_share_2 + i * BLOCK + s);
            const lanes height_i = lanes_fma(x_i_4, length_per_share_i_2, lanes_splat(REAL(0.008)));
            const lanes x_i_5 = lanes_load(x_9 + i * BLOCK + s);
            const lanes v_max_i = lanes_max(x_i_5, lanes_splat(REAL(0.0)));
            const lanes t_i = lanes_min(v_max_i, height_i);
            const lanes product_i_17 = t_i * bend_i;
            const lanes b_i = lanes_fma(height_i, slope_left_i, -product_i_17);
            const lanes x_i_6 = lanes_load(x_10 + i * BLOCK + s);
            const lanes ratio_i_3 = d_theta_i / (b_i + x_i_6);
            const lanes_int condition_i_12 = lanes_equal(d_theta_i, lanes_splat(REAL(0.0)));
            const lanes choice_i_8 = lanes_select(condition_i_12 & ~lanes_equal(ratio_i_3, ratio_i_3), lanes_splat(REAL(0.0)), ratio_i_3);
            const lanes neg_i_2 = -(ratio_i_3 * theta_i);
            const lanes choice_i_9 = lanes_select(condition_i_12 & ~lanes_equal(neg_i_2, neg_i_2), lanes_splat(REAL(0.0)), neg_i_2);
            const lanes choice_i_10 = lanes_select(lanes_less(lanes_splat(REAL(0.0)), x_i_6), choice_i_9 * REAL(0.5) / x_i_6, lanes_splat(REAL(0.0)));
            const lanes difference_i_2 = mean_slope_i - slope_left_i;
            const lanes a_i = lanes_fma(height_i, difference_i_2, product_i_17);
            const lanes minus_c_i = mean_slope_i * t_i;
            const lanes_int condition_i_13 = lanes_less_equal(lanes_splat(REAL(0.0)), lanes_fma(b_i, b_i, a_i * minus_c_i * REAL(4.0)));
            const lanes choice_i_11 = lanes_select(condition_i_13, choice_i_10, lanes_splat(REAL(0.0)));
            const lanes d_b_i = lanes_fma(choice_i_11, b_i * REAL(2.0), choice_i_9);
            const lanes product_i_18 = choice_i_11 * REAL(4.0);
            const lanes d_a_i = product_i_18 * minus_c_i;
            const lanes d_minus_c_i = lanes_fma(choice_i_8, lanes_splat(REAL(2.0)), product_i_18 * a_i);
            const lanes v_sum_i_5 = lanes_fma(product_i_18, minus_c_i, -d_b_i);
            const lanes v_sum_i_6 = lanes_fma(d_a_i, height_i, lanes_fma(d_minus_c_i, t_i, v_sum_i + d_denominator_i));
            const lanes d_t_i = lanes_fma(d_minus_c_i, mean_slope_i, v_sum_i_5 * bend_i);
            const lanes d_bend_i = lanes_fma(v_sum_i_5, t_i, lanes_select(condition_i_9, lanes_splat(REAL(0.0)), product_i_14));
            const lanes_int condition_i_14 = lanes_less_equal(v_max_i, height_i);
            const lanes v_sum_i_7 = lanes_fma(d_b_i, slope_left_i, d_a_i * difference_i_2) + lanes_select(condition_i_14, lanes_splat(REAL(0.0)), d_t_i);
            const lanes choice_i_12 = lanes_select(lanes_less_equal(lanes_splat(REAL(0.0)), x_i_5), lanes_select(condition_i_14, d_t_i, lanes_splat(REAL(0.0))), lanes_splat(REAL(0.0)));
            store_each(d_y_b + i * BLOCK + s, lanes_select(inside_i, lanes_splat(REAL(0.0)), d_x_b_i) + choice_i_12, 8 - i);
            const lanes d_mean_slope_i = lanes_fma(d_bend_i, lanes_splat(-REAL(2.0)), v_sum_i_6);
            const lanes d_slope_left_i = lanes_fma(-d_a_i, height_i, lanes_fma(d_b_i, height_i, choice_i_6)) + d_bend_i;
            const lanes d_slope_right_i = choice_i_7 + d_bend_i;
            const lanes ratio_i_4 = d_mean_slope_i / width_i;
            const lanes d_height_i = v_sum_i_7 + ratio_i_4;
            const lanes d_width_i = lanes_fma(-ratio_i_4, mean_slope_i, lanes_select(condition_i, lanes_splat(REAL(0.0)), product_i));
            store_each(t_2 + i * BLOCK + s, d_slope_right_i * lanes_sigmoid(lanes_load(x_8 + i * BLOCK + s)), 8 - i);
            store_each(t_3 + i * BLOCK + s, d_slope_left_i * lanes_sigmoid(lanes_load(x_7 + i * BLOCK + s)), 8 - i);
            store_each(t_4 + i * BLOCK + s, d_height_i * length_per_share_i_2, 8 - i);
            store_each(t_5 + i * BLOCK + s, -(choice_i_12 * length_per_share_i_2), 8 - i);
            const lanes d_length_per_share_i = lanes_fma(d_height_i, x_i_4, -(choice_i_12 * lanes_load(x_5 + i * BLOCK + s)));
            store_each(t_6 + i * BLOCK + s, d_width_i * length_per_share_i, 8 - i);
            store_each(t_7 + i * BLOCK + s, d_left_i * length_per_share_i, 8 - i);
            const lanes d_length_per_share_i_2 = lanes_fma(d_width_i, x_i, d_left_i * lanes_load(x_3 + i * BLOCK + s));
            store_each(t_8 + i * BLOCK + s, d_length_per_share_i * (length_per_share_i_2 * length_per_share_i_2 * (-REAL(0.12703252032520326))), 8 - i);
            store_each(t_9 + i * BLOCK + s, d_length_per_share_i_2 * (length_per_share_i * length_per_share_i * (-REAL(0.12703252032520326))), 8 - i);
        }
    for (int i = 0; i < 8; i++)
        for (int j = 0; j < 15; j += I_STEP)
            for (int s = 0; s < BLOCK; s += S_STEP) {
                const lanes bin_i = load_sample(bin + i * BLOCK + s);
                const lanes choice_i_13 = lanes_select(lanes_equal(load_feature(table_7 + j), bin_i), load_sample(t_2 + i * BLOCK + s), lanes_splat(REAL(0.0)));
                const lanes choice_i_14 = lanes_select(lanes_equal(load_feature(table_6 + j), bin_i), load_sample(t_3 + i * BLOCK + s), lanes_splat(REAL(0.0)));
                store_each(t_10 + (15 * i + j) * BLOCK + s, choice_i_13 + choice_i_14, 15 - j);
            }
    for (int i = 0; i < 8; i++)
        for (int j = 0; j < 16; j += I_STEP)
            for (int s = 0; s < BLOCK; s += S_STEP) {
                const lanes x_i_7 = load_feature(table_5 + j);
                const lanes bin_i_2 = load_sample(bin + i * BLOCK + s);
                const lanes_int is_bin_i = lanes_equal(x_i_7, bin_i_2);
                const lanes choice_i_15 = lanes_select(is_bin_i, load_sample(t_4 + i * BLOCK + s), lanes_splat(REAL(0.0)));
                const lanes_int is_below_i = lanes_less(x_i_7, bin_i_2);
                const lanes choice_i_16 = lanes_select(is_below_i, load_sample(t_5 + i * BLOCK + s), lanes_splat(REAL(0.0)));
                const lanes choice_i_17 = lanes_select(is_bin_i, load_sample(t_6 + i * BLOCK + s), lanes_splat(REAL(0.0)));
                const lanes choice_i_18 = lanes_select(is_below_i, load_sample(t_7 + i * BLOCK + s), lanes_splat(REAL(0.0)));
                const lanes d_share_i = choice_i_15 + choice_i_16 + load_sample(t_8 + i * BLOCK + s);
                const lanes x_i_8 = lanes_load(x_2 + (16 * i + j) * BLOCK + s);
                const lanes_int condition_i_15 = lanes_less_equal(lanes_max(x_i_8, lanes_splat(-REAL(3e+01))), lanes_splat(REAL(3e+01)));
                const lanes choice_i_19 = lanes_select(condition_i_15, d_share_i * lanes_load(share_2 + (16 * i + j) * BLOCK + s), lanes_splat(REAL(0.0)));
                store_each(t_11 + (16 * i + j) * BLOCK + s, lanes_select(lanes_less_equal(lanes_splat(-REAL(3e+01)), x_i_8), choice_i_19, lanes_splat(REAL(0.0))), 16 - j);
                const lanes d_share_i_2 = choice_i_17 + choice_i_18 + load_sample(t_9 + i * BLOCK + s);
                const lanes x_i_9 = lanes_load(x + (16 * i + j) * BLOCK + s);
                const lanes_int condition_i_16 = lanes_less_equal(lanes_max(x_i_9, lanes_splat(-REAL(3e+01))), lanes_splat(REAL(3e+01)));
                const lanes choice_i_20 = lanes_select(condition_i_16, d_share_i_2 * lanes_load(share + (16 * i + j) * BLOCK + s), lanes_splat(REAL(0.0)));
                store_each(t_12 + (16 * i + j) * BLOCK + s, lanes_select(lanes_less_equal(lanes_splat(-REAL(3e+01)), x_i_9), choice_i_20, lanes_splat(REAL(0.0))), 16 - j);
            }
    copy_reals(t_13, t_12, 128 * BLOCK);
    copy_reals(t_13 + 128 * BLOCK, t_11, 128 * BLOCK);
    copy_reals(t_13 + 256 * BLOCK, t_10, 120 * BLOCK);
    dense_64x376_then(net_2_weight, t_13, partial, t_14);
    dense_64x64_then(net_1_weight, t_14, partial_2, t_15);
    dense_8x64(net_0_weight, t_15, d_x_a);
}

/* Backward of gaussian_log_prob: from the cotangents of its results those of its inputs. Standard normal: log p(z) = -|z|^2 / 2 - D/2 log(2 pi).    many_well_16.yaml:12 */
static void gaussian_log_prob_backward(const real *z, const real *d_log_prob, real *d_z, real *workspace)
{
    real *const t = workspace + FRAME(0, 0);
    for (int i = 0; i < BLOCK; i += LANES) {
        store_each(t + i, -lanes_load(d_log_prob + i), BLOCK - i);
    }
    for (int i = 0; i < 16; i += I_STEP)
        for (int s = 0; s < BLOCK; s += S_STEP) {
            store_each(d_z + i * BLOCK + s, load_sample(t + s) * lanes_load(z + i * BLOCK + s), 16 - i);
        }
}

static void entry_score(const real *weights, const real kT, const real loss_0_weight, const real *x, real *log_q, real *d_x, real *workspace)
{
    real *const x_2 = workspace + FRAME(0, 0);
    real *const x_3 = workspace + FRAME(512, 16);
    real *const x_b = workspace + FRAME(1024, 32);
    real *const log_q_2 = workspace + FRAME(1536, 48);
    real *const t = workspace + FRAME(1600, 64);
    real *const share = workspace + FRAME(9792, 192);
    real *const length_per_share = workspace + FRAME(17984, 320);
    real *const t_2 = workspace + FRAME(18496, 336);
    real *const share_2 = workspace + FRAME(26688, 464);
    real *const length_per_share_2 = workspace + FRAME(34880, 592);
    real *const bin = workspace + FRAME(35392, 608);
    real *const t_3 = workspace + FRAME(35904, 624);
    real *const t_4 = workspace + FRAME(36416, 640);
    real *const t_5 = workspace + FRAME(36928, 656);
    real *const t_6 = workspace + FRAME(37440, 672);
    real *const t_7 = workspace + FRAME(37952, 688);
    real *const slope_left = workspace + FRAME(38464, 704);
    real *const t_8 = workspace + FRAME(38976, 720);
    real *const slope_right = workspace + FRAME(39488, 736);
    real *const mean_slope = workspace + FRAME(40000, 752);
    real *const t_9 = workspace + FRAME(40512, 768);
    real *const t_10 = workspace + FRAME(41024, 784);
    real *const theta = workspace + FRAME(41536, 800);
    real *const t_11 = workspace + FRAME(42048, 816);
    real *const t_12 = workspace + FRAME(42560, 832);
    real *const partial = workspace + FRAME(43072, 848);
    real *const partial_2 = workspace + FRAME(47168, 912);
    real *const x_b_2 = workspace + FRAME(51264, 976);
    real *const log_det = workspace + FRAME(51776, 992);
    real *const t_13 = workspace + FRAME(51840, 1008);
    real *const share_3 = workspace + FRAME(60032, 1136);
    real *const length_per_share_3 = workspace + FRAME(68224, 1264);
    real *const t_14 = workspace + FRAME(68736, 1280);
    real *const share_4 = workspace + FRAME(76928, 1408);
    real *const length_per_share_4 = workspace + FRAME(85120, 1536);
    real *const bin_2 = workspace + FRAME(85632, 1552);
    real *const t_15 = workspace + FRAME(86144, 1568);
    real *const t_16 = workspace + FRAME(86656, 1584);
    real *const t_17 = workspace + FRAME(87168, 1600);
    real *const t_18 = workspace + FRAME(87680, 1616);
    real *const t_19 = workspace + FRAME(88192, 1632);
    real *const slope_left_2 = workspace + FRAME(88704, 1648);
    real *const t_20 = workspace + FRAME(89216, 1664);
    real *const slope_right_2 = workspace + FRAME(89728, 1680);
    real *const mean_slope_2 = workspace + FRAME(90240, 1696);
    real *const t_21 = workspace + FRAME(90752, 1712);
    real *const t_22 = workspace + FRAME(91264, 1728);
    real *const theta_2 = workspace + FRAME(91776, 1744);
    real *const t_23 = workspace + FRAME(92288, 1760);
    real *const t_24 = workspace + FRAME(92800, 1776);
    real *const partial_3 = workspace + FRAME(93312, 1792);
    real *const partial_4 = workspace + FRAME(97408, 1856);
    real *const t_25 = workspace + FRAME(101504, 1920);
    real *const z = workspace + FRAME(102528, 32);
    real *const log_prob = workspace + FRAME(1024, 976);
    real *const d_z = workspace + FRAME(101504, 976);
    real *const d_x_b = workspace + FRAME(1088, 32);
    real *const t_26 = workspace + FRAME(51264, 992);
    real *const t_27 = workspace + FRAME(102528, 1920);
    real *const d_x_b_2 = workspace + FRAME(0, 0);
    real *const t_28 = workspace + FRAME(1088, 32);
    real *const t_29 = workspace + FRAME(51264, 976);
    real *const t_30 = workspace + FRAME(0, 0);
    real *const t_31 = workspace + FRAME(512, 16);
    real *const d_log_q_each = workspace + FRAME(1024, 48);
    for (int i = 0; i < 8; i++)
        for (int s = 0; s < BLOCK; s += S_STEP) {
            store_row(x_2 + i * BLOCK + s, load_row(x + (2 * i + 1) * BLOCK + s));
        }
    for (int i = 0; i < 8; i++)
        for (int s = 0; s < BLOCK; s += S_STEP) {
            store_row(x_3 + i * BLOCK + s, load_row(x + (2 * i) * BLOCK + s));
        }
    /* flow.layers.1    many_well_16.yaml:14 */
    coupling_spline_inverse_forward(weights + 29176, x_2, x_3, x_b, log_q_2, t, share, length_per_share, t_2, share_2, length_per_share_2, bin, t_3, t_4, t_5, t_6, t_7, slope_left, t_8, slope_right, mean_slope, t_9, t_10, theta, t_11, t_12, partial, partial_2, workspace + FRAME(103552, 1936));
    /* flow.layers.0    many_well_16.yaml:14 */
    coupling_spline_inverse_forward(weights, x_b, x_2, x_b_2, log_det, t_13, share_3, length_per_share_3, t_14, share_4, length_per_share_4, bin_2, t_15, t_16, t_17, t_18, t_19, slope_left_2, t_20, slope_right_2, mean_slope_2, t_21, t_22, theta_2, t_23, t_24, partial_3, partial_4, workspace + FRAME(103552, 1936));
    copy_reals(t_25, x_b, 8 * BLOCK);
    copy_reals(t_25 + 8 * BLOCK, x_b_2, 8 * BLOCK);
    for (int i = 0; i < 16; i++)
        for (int s = 0; s < BLOCK; s += S_STEP) {
            store_row(z + i * BLOCK + s, load_row(t_25 + index_8[i] * BLOCK + s));
        }
    gaussian_log_prob(z, log_prob, workspace + FRAME(103552, 1936));
    for (int i = 0; i < BLOCK; i += LANES) {
        const lanes log_q_i = lanes_load(log_q_2 + i) + lanes_load(log_det + i);
        store_each(log_q + i, log_q_i + lanes_load(log_prob + i), BLOCK - i);
    }
    for (int i = 0; i < BLOCK; i += LANES) {
        store_each(d_log_q_each + i, lanes_splat(REAL(1.0)), BLOCK - i);
    }
    /* backward of: flow.layers.0    many_well_16.yaml:12 */
    gaussian_log_prob_backward(z, d_log_q_each, d_z, workspace + FRAME(103552, 1936));
    for (int i = 0; i < 8; i++)
        for (int s = 0; s < BLOCK; s += S_STEP) {
            store_row(d_x_b + i * BLOCK + s, load_row(d_z + (2 * i + 1) * BLOCK + s));
        }
    coupling_spline_inverse_backward(weights, x_2, t_13, share_3, length_per_share_3, t_14, share_4, length_per_share_4, bin_2, t_15, t_16, t_17, t_18, t_19, slope_left_2, t_20, slope_right_2, mean_slope_2, t_21, t_22, theta_2, t_23, t_24, partial_3, partial_4, d_x_b, d_log_q_each, t_26, t_27, workspace + FRAME(103552, 1936));
    for (int i = 0; i < 8; i++)
        for (int s = 0; s < BLOCK; s += S_STEP) {
            store_row(d_x_b_2 + i * BLOCK + s, load_row(d_z + (2 * i) * BLOCK + s) + load_row(t_26 + i * BLOCK + s));
        }
    /* backward of: flow.layers.1    many_well_16.yaml:14 */
    coupling_spline_inverse_backward(weights + 29176, x_3, t, share, length_per_share, t_2, share_2, length_per_share_2, bin, t_3, t_4, t_5, t_6, t_7, slope_left, t_8, slope_right, mean_slope, t_9, t_10, theta, t_11, t_12, partial, partial_2, d_x_b_2, d_log_q_each, t_28, t_29, workspace + FRAME(103552, 1936));
    for (int i = 0; i < 8 * BLOCK; i += LANES) {
        store_each(t_30 + i, lanes_load(t_27 + i) + lanes_load(t_28 + i), 8 * BLOCK - i);
    }
    copy_reals(t_31, t_30, 8 * BLOCK);
    copy_reals(t_31 + 8 * BLOCK, t_29, 8 * BLOCK);
    for (int i = 0; i < 16; i++)
        for (int s = 0; s < BLOCK; s += S_STEP) {
            store_row(d_x + i * BLOCK + s, load_row(t_31 + index_9[i] * BLOCK + s));
        }
    (void)kT;
    (void)loss_0_weight;
}
#ifndef MANY_WELL_16_WITHOUT_SCORE

void MODEL(score)(const real *weights, const real *scalars, size_t count, const real *x, real *log_q, real *score, void *workspace, int threads)
{
    (void)threads;
    PARALLEL_FOR
    for (ptrdiff_t number = 0; number < block_count(count); number++) {
        const Block block = block_of(count, number, 0, 0, 0);
        real *const frame = (real *)workspace + ANSATZ_THREAD() * FRAME(157952, 2912);
        block_from_rows(&block, x, 16, frame);
        entry_score(weights, scalars[0], scalars[1], frame, frame + FRAME(1024, 16), frame + FRAME(1088, 32), frame + FRAME(2112, 48));
        rows_from_block(&block, frame + FRAME(1024, 16), 1, log_q);
        rows_from_block(&block, frame + FRAME(1088, 32), 16, score);
    }
}
#endif
