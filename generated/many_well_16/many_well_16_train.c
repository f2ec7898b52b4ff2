/* SPDX-License-Identifier: MIT-0 */
/* One training step: the loss and its gradient in every weight.
 * Compiled from many_well_16.yaml by ansatz 0.1.0. */
#include "many_well_16_parts.h"

/* Spline coupling: y_a = x_a, y_b = g(x_b; p(x_a)), g monotone; log|det J| = sum log g'. Durkan, Bekasov, Murray, Papamakarios 2019, eq. 4-8. p: a dense net 8 -> 64 -> 64 -> 376, silu; 16 bins of [-B, B], B = 4, the identity outside.    many_well_16.yaml:14 */
static void coupling_spline_forward(const real *weights, const real *x_a, const real *x_b, real *y_b, real *log_det, real *result, real *hidden, real *result_2, real *hidden_2, real *result_3, real *share, real *length_per_share, real *result_4, real *share_2, real *length_per_share_2, real *bin, real *result_5, real *result_6, real *result_7, real *result_8, real *result_9, real *slope_left, real *result_10, real *slope_right, real *mean_slope, real *result_11, real *result_12, real *result_13, real *result_14, real *workspace)
{
    const real *const net_0_weight = weights + 0;
    const real *const net_0_bias = weights + 512;
    const real *const net_1_weight = weights + 576;
    const real *const net_1_bias = weights + 4672;
    const real *const net_2_weight = weights + 4736;
    const real *const net_2_bias = weights + 28800;
    real *const t = workspace + FRAME(0, 0);
    real *const t_2 = workspace + FRAME(24064, 384);
    real *const t_3 = workspace + FRAME(24576, 400);
    real *const shares_up_to = workspace + FRAME(24064, 384);
    real *const lower = workspace + FRAME(24064, 384);
    real *const height = workspace + FRAME(24576, 400);
    real *const t_8 = workspace + FRAME(27136, 480);
    real *const t_9 = workspace + FRAME(27648, 496);
    real *const t_4 = workspace + FRAME(25088, 416);
    real *const t_5 = workspace + FRAME(25600, 432);
    real *const t_6 = workspace + FRAME(26112, 448);
    real *const t_7 = workspace + FRAME(26624, 464);
    dense_64x8_sigmoid_3(net_0_weight, x_a, net_0_bias, result, hidden);
    dense_64x64_sigmoid_3(net_1_weight, hidden, net_1_bias, result_2, hidden_2);
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
                    const lanes term = load_row(share + (16 * i + j + k) * BLOCK + s);
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
                const lanes knot_i = lanes_fma(lanes_load(shares_up_to + (16 * i + j) * BLOCK + s), load_sample(length_per_share + i * BLOCK + s), load_feature(table_4 + j));
                const lanes to_real_i = lanes_select(lanes_less_equal(knot_i, load_sample(x_b + i * BLOCK + s)), lanes_splat(REAL(1.0)), lanes_splat(REAL(0.0)));
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
            store_row(result_5 + i * BLOCK + s, v_sum_i_3);
            store_row(result_6 + i * BLOCK + s, v_sum_i_4);
            store_row(result_7 + i * BLOCK + s, v_sum_i_5);
            store_row(result_8 + i * BLOCK + s, v_sum_i_6);
        }
    for (int i = 0; i < 8 * BLOCK; i += LANES) {
        const lanes v_sum_i_7 = lanes_fma(lanes_load(bin + i), lanes_splat(REAL(0.008)), lanes_splat(-REAL(4.0)));
        const lanes length_per_share_i = lanes_load(length_per_share + i);
        const lanes left_i = lanes_fma(lanes_load(result_5 + i), length_per_share_i, v_sum_i_7);
        const lanes width_i = lanes_fma(lanes_load(result_6 + i), length_per_share_i, lanes_splat(REAL(0.008)));
        const lanes length_per_share_i_2 = lanes_load(length_per_share_2 + i);
        store_each(lower + i, lanes_fma(lanes_load(result_7 + i), length_per_share_i_2, v_sum_i_7), 8 * BLOCK - i);
        const lanes height_i = lanes_fma(lanes_load(result_8 + i), length_per_share_i_2, lanes_splat(REAL(0.008)));
        store_each(height + i, height_i, 8 * BLOCK - i);
        const lanes mean_slope_i = height_i / width_i;
        store_each(mean_slope + i, mean_slope_i, 8 * BLOCK - i);
        const lanes ratio_i = (lanes_load(x_b + i) - left_i) / width_i;
        store_each(result_11 + i, ratio_i, 8 * BLOCK - i);
        const lanes theta_i = lanes_min(lanes_max(ratio_i, lanes_splat(REAL(0.0))), lanes_splat(REAL(1.0)));
        const lanes difference_i = REAL(1.0) - theta_i;
        const lanes product_i = theta_i * difference_i;
        store_each(t_4 + i, product_i, 8 * BLOCK - i);
        store_each(t_5 + i, theta_i * theta_i, 8 * BLOCK - i);
        store_each(t_6 + i, mean_slope_i * product_i * REAL(2.0), 8 * BLOCK - i);
        store_each(t_7 + i, difference_i * difference_i, 8 * BLOCK - i);
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
            store_row(t_8 + i * BLOCK + s, v_sum_i_8);
            store_row(t_9 + i * BLOCK + s, v_sum_i_9);
        }
    for (int s = 0; s < BLOCK; s += S_STEP) {
        lanes v_sum_i_10 = lanes_splat(REAL(0.0));
        for (int i = 0; i < 8; i += I_STEP) {
            const lanes v_sum_i_11 = lanes_load(t_8 + i * BLOCK + s) + REAL(0.539742417236952);
            store_each(result_9 + i * BLOCK + s, v_sum_i_11, 8 - i);
            const lanes slope_left_i = lanes_softplus(v_sum_i_11) + REAL(0.001);
            store_each(slope_left + i * BLOCK + s, slope_left_i, 8 - i);
            const lanes v_sum_i_12 = lanes_load(t_9 + i * BLOCK + s) + REAL(0.539742417236952);
            store_each(result_10 + i * BLOCK + s, v_sum_i_12, 8 - i);
            const lanes slope_right_i = lanes_softplus(v_sum_i_12) + REAL(0.001);
            store_each(slope_right + i * BLOCK + s, slope_right_i, 8 - i);
            const lanes mean_slope_i_2 = lanes_load(mean_slope + i * BLOCK + s);
            const lanes bend_i = lanes_fma(mean_slope_i_2, lanes_splat(-REAL(2.0)), slope_left_i + slope_right_i);
            const lanes x_i_3 = lanes_load(t_4 + i * BLOCK + s);
            const lanes denominator_i = lanes_fma(bend_i, x_i_3, mean_slope_i_2);
            const lanes x_i_4 = lanes_load(t_5 + i * BLOCK + s);
            const lanes product_i_2 = lanes_load(height + i * BLOCK + s) * lanes_fma(mean_slope_i_2, x_i_4, slope_left_i * x_i_3);
            const lanes ratio_i_2 = product_i_2 / denominator_i;
            store_each(result_12 + i * BLOCK + s, ratio_i_2, 8 - i);
            const lanes v_sum_i_13 = lanes_fma(slope_left_i, lanes_load(t_7 + i * BLOCK + s), lanes_fma(slope_right_i, x_i_4, lanes_load(t_6 + i * BLOCK + s)));
            store_each(result_13 + i * BLOCK + s, v_sum_i_13, 8 - i);
            const lanes ratio_i_3 = mean_slope_i_2 / denominator_i;
            store_each(result_14 + i * BLOCK + s, ratio_i_3, 8 - i);
            const lanes log_slope_i = lanes_log(ratio_i_3 * ratio_i_3 * v_sum_i_13);
            const lanes x_b_i = lanes_load(x_b + i * BLOCK + s);
            const lanes_int inside_i = lanes_less(lanes_abs(x_b_i), lanes_splat(REAL(4.0)));
            store_each(y_b + i * BLOCK + s, lanes_select(inside_i, lanes_load(lower + i * BLOCK + s) + ratio_i_2, x_b_i), 8 - i);
            v_sum_i_10 = add_terms(v_sum_i_10, lanes_select(inside_i, log_slope_i, lanes_splat(REAL(0.0))), 8 - i);
        }
        store_row(log_det + s, v_sum_i_10);
    }
    copy_reals(result_3, t, 128 * BLOCK);
    copy_reals(result_4, t + 128 * BLOCK, 128 * BLOCK);
}

/* Backward of coupling_spline: from the cotangents of its results those of its inputs. Spline coupling: y_a = x_a, y_b = g(x_b; p(x_a)), g monotone; log|det J| = sum log g'. Durkan, Bekasov, Murray, Papamakarios 2019, eq. 4-8. p: a dense net 8 -> 64 -> 64 -> 376, silu; 16 bins of [-B, B], B = 4, the identity outside.    many_well_16.yaml:14 */
static void coupling_spline_backward(const Block *block, const real *weights, const real *x_a, const real *x_b, const real *x, const real *hidden, const real *x_2, const real *hidden_2, const real *x_3, const real *share, const real *length_per_share, const real *x_4, const real *share_2, const real *length_per_share_2, const real *bin, const real *x_5, const real *x_6, const real *x_7, const real *x_8, const real *x_9, const real *slope_left, const real *x_10, const real *slope_right, const real *mean_slope, const real *x_11, const real *x_12, const real *x_13, const real *x_14, const real *d_y_b, const real *d_log_det, real *gradient, real *d_x_a, real *workspace)
{
    const real *const net_0_weight = weights + 0;
    const real *const net_1_weight = weights + 576;
    const real *const net_2_weight = weights + 4736;
    real *const t = workspace + FRAME(0, 0);
    real *const t_2 = workspace + FRAME(512, 16);
    real *const t_9 = workspace + FRAME(4096, 128);
    real *const t_3 = workspace + FRAME(1024, 32);
    real *const t_4 = workspace + FRAME(1536, 48);
    real *const t_5 = workspace + FRAME(2048, 64);
    real *const t_6 = workspace + FRAME(2560, 80);
    real *const t_7 = workspace + FRAME(3072, 96);
    real *const t_10 = workspace + FRAME(11776, 256);
    real *const t_8 = workspace + FRAME(3584, 112);
    real *const t_11 = workspace + FRAME(19968, 384);
    real *const t_12 = workspace + FRAME(28160, 512);
    real *const d_net_2_weight = gradient + 4736;
    real *const d_net_2_bias = gradient + 28800;
    real *const t_13 = workspace + FRAME(0, 0);
    real *const d_net_1_weight = gradient + 576;
    real *const d_net_1_bias = gradient + 4672;
    real *const t_14 = workspace + FRAME(4096, 64);
    real *const d_net_0_weight = gradient + 0;
    real *const d_net_0_bias = gradient + 512;
    for (int i = 0; i < 8; i += I_STEP)
        for (int s = 0; s < BLOCK; s += S_STEP) {
            const lanes_int inside_i = lanes_less(lanes_abs(lanes_load(x_b + i * BLOCK + s)), lanes_splat(REAL(4.0)));
            const lanes d_lower_i = lanes_select(inside_i, lanes_load(d_y_b + i * BLOCK + s), lanes_splat(REAL(0.0)));
            const lanes d_log_slope_i = lanes_select(inside_i, load_sample(d_log_det + s), lanes_splat(REAL(0.0)));
            const lanes x_i = lanes_load(x_14 + i * BLOCK + s);
            const lanes product_i = x_i * x_i;
            const lanes x_i_2 = lanes_load(x_13 + i * BLOCK + s);
            const lanes ratio_i = d_log_slope_i / (product_i * x_i_2);
            const lanes_int condition_i = lanes_equal(d_log_slope_i, lanes_splat(REAL(0.0))) & ~lanes_equal(ratio_i, ratio_i);
            const lanes choice_i = lanes_select(condition_i, lanes_splat(REAL(0.0)), ratio_i);
            const lanes product_i_2 = choice_i * x_i_2;
            const lanes product_i_3 = choice_i * product_i;
            const lanes_int condition_i_2 = lanes_equal(choice_i, lanes_splat(REAL(0.0))) & ~lanes_equal(product_i_3, product_i_3);
            const lanes choice_i_2 = lanes_select(condition_i_2, lanes_splat(REAL(0.0)), product_i_3);
            const lanes product_i_4 = product_i_2 * (x_i * REAL(2.0));
            const lanes_int condition_i_3 = lanes_equal(product_i_2, lanes_splat(REAL(0.0))) & ~lanes_equal(product_i_4, product_i_4);
            const lanes choice_i_3 = lanes_select(condition_i_3, lanes_splat(REAL(0.0)), product_i_4);
            const lanes slope_left_i = lanes_load(slope_left + i * BLOCK + s);
            const lanes slope_right_i = lanes_load(slope_right + i * BLOCK + s);
            const lanes mean_slope_i = lanes_load(mean_slope + i * BLOCK + s);
            const lanes bend_i = lanes_fma(mean_slope_i, lanes_splat(-REAL(2.0)), slope_left_i + slope_right_i);
            const lanes x_i_3 = lanes_load(x_11 + i * BLOCK + s);
            const lanes v_max_i = lanes_max(x_i_3, lanes_splat(REAL(0.0)));
            const lanes theta_i = lanes_min(v_max_i, lanes_splat(REAL(1.0)));
            const lanes difference_i = REAL(1.0) - theta_i;
            const lanes product_i_5 = theta_i * difference_i;
            const lanes denominator_i = lanes_fma(bend_i, product_i_5, mean_slope_i);
            const lanes ratio_i_2 = choice_i_3 / denominator_i;
            const lanes_int condition_i_4 = lanes_equal(choice_i_3, lanes_splat(REAL(0.0)));
            const lanes choice_i_4 = lanes_select(condition_i_4 & ~lanes_equal(ratio_i_2, ratio_i_2), lanes_splat(REAL(0.0)), ratio_i_2);
            const lanes neg_i = -(ratio_i_2 * x_i);
            const lanes choice_i_5 = lanes_select(condition_i_4 & ~lanes_equal(neg_i, neg_i), lanes_splat(REAL(0.0)), neg_i);
            const lanes product_i_6 = choice_i_2 * REAL(2.0);
            const lanes product_i_7 = theta_i * theta_i;
            const lanes ratio_i_3 = d_lower_i / denominator_i;
            const lanes_int condition_i_5 = lanes_equal(d_lower_i, lanes_splat(REAL(0.0)));
            const lanes choice_i_6 = lanes_select(condition_i_5 & ~lanes_equal(ratio_i_3, ratio_i_3), lanes_splat(REAL(0.0)), ratio_i_3);
            const lanes neg_i_2 = -(ratio_i_3 * lanes_load(x_12 + i * BLOCK + s));
            const lanes choice_i_7 = lanes_select(condition_i_5 & ~lanes_equal(neg_i_2, neg_i_2), lanes_splat(REAL(0.0)), neg_i_2);
            const lanes d_denominator_i = choice_i_5 + choice_i_7;
            const lanes x_i_4 = lanes_load(x_8 + i * BLOCK + s);
            const lanes length_per_share_i = lanes_load(length_per_share_2 + i * BLOCK + s);
            const lanes height_i = lanes_fma(x_i_4, length_per_share_i, lanes_splat(REAL(0.008)));
            const lanes product_i_8 = choice_i_6 * height_i;
            const lanes v_sum_i = lanes_fma(product_i_8, product_i_7, lanes_fma(product_i_6, product_i_5, choice_i_4));
            const lanes v_sum_i_2 = lanes_fma(choice_i_2, difference_i * difference_i, product_i_8 * product_i_5);
            const lanes d_bend_i = d_denominator_i * product_i_5;
            const lanes v_sum_i_3 = lanes_fma(d_denominator_i, bend_i, lanes_fma(product_i_6, mean_slope_i, product_i_8 * slope_left_i));
            const lanes_int condition_i_6 = lanes_less_equal(lanes_splat(REAL(0.0)), x_i_3);
            const lanes_int condition_i_7 = lanes_less_equal(v_max_i, lanes_splat(REAL(1.0)));
            const lanes choice_i_8 = lanes_select(condition_i_7, lanes_select(condition_i_6, lanes_splat(REAL(1.0)), lanes_splat(REAL(0.0))), lanes_splat(REAL(0.0)));
            const lanes d_theta_i = lanes_fma(lanes_fma(choice_i_2, slope_right_i, product_i_8 * mean_slope_i), theta_i * REAL(2.0), choice_i_2 * slope_left_i * (difference_i * (-REAL(2.0))));
            const lanes choice_i_9 = lanes_select(condition_i_6, lanes_select(condition_i_7, d_theta_i, lanes_splat(REAL(0.0))), lanes_splat(REAL(0.0)));
            const lanes v_sum_i_4 = lanes_fma(v_sum_i_3, lanes_fma(choice_i_8, difference_i, -(choice_i_8 * theta_i)), choice_i_9);
            const lanes x_i_5 = lanes_load(x_6 + i * BLOCK + s);
            const lanes length_per_share_i_2 = lanes_load(length_per_share + i * BLOCK + s);
            const lanes width_i = lanes_fma(x_i_5, length_per_share_i_2, lanes_splat(REAL(0.008)));
            const lanes ratio_i_4 = v_sum_i_4 / width_i;
            const lanes d_mean_slope_i = lanes_fma(d_bend_i, lanes_splat(-REAL(2.0)), v_sum_i + d_denominator_i);
            const lanes d_slope_left_i = lanes_fma(d_denominator_i, product_i_5, v_sum_i_2);
            const lanes d_slope_right_i = lanes_fma(choice_i_2, product_i_7, d_bend_i);
            const lanes ratio_i_5 = d_mean_slope_i / width_i;
            const lanes d_height_i = lanes_fma(choice_i_6, lanes_fma(mean_slope_i, product_i_7, slope_left_i * product_i_5), ratio_i_5);
            const lanes d_width_i = lanes_fma(-ratio_i_5, mean_slope_i, -(ratio_i_4 * x_i_3));
            store_each(t + i * BLOCK + s, d_slope_right_i * lanes_sigmoid(lanes_load(x_10 + i * BLOCK + s)), 8 - i);
            store_each(t_2 + i * BLOCK + s, d_slope_left_i * lanes_sigmoid(lanes_load(x_9 + i * BLOCK + s)), 8 - i);
            store_each(t_3 + i * BLOCK + s, d_height_i * length_per_share_i, 8 - i);
            store_each(t_4 + i * BLOCK + s, d_lower_i * length_per_share_i, 8 - i);
            const lanes d_length_per_share_i = lanes_fma(d_height_i, x_i_4, d_lower_i * lanes_load(x_7 + i * BLOCK + s));
            store_each(t_5 + i * BLOCK + s, d_width_i * length_per_share_i_2, 8 - i);
            store_each(t_6 + i * BLOCK + s, -(ratio_i_4 * length_per_share_i_2), 8 - i);
            const lanes d_length_per_share_i_2 = lanes_fma(d_width_i, x_i_5, -(ratio_i_4 * lanes_load(x_5 + i * BLOCK + s)));
            store_each(t_7 + i * BLOCK + s, d_length_per_share_i * (length_per_share_i * length_per_share_i * (-REAL(0.12703252032520326))), 8 - i);
            store_each(t_8 + i * BLOCK + s, d_length_per_share_i_2 * (length_per_share_i_2 * length_per_share_i_2 * (-REAL(0.12703252032520326))), 8 - i);
        }
    for (int i = 0; i < 8; i++)
        for (int j = 0; j < 15; j += I_STEP)
            for (int s = 0; s < BLOCK; s += S_STEP) {
                const lanes bin_i = load_sample(bin + i * BLOCK + s);
                const lanes choice_i_10 = lanes_select(lanes_equal(load_feature(table_7 + j), bin_i), load_sample(t + i * BLOCK + s), lanes_splat(REAL(0.0)));
                const lanes choice_i_11 = lanes_select(lanes_equal(load_feature(table_6 + j), bin_i), load_sample(t_2 + i * BLOCK + s), lanes_splat(REAL(0.0)));
                store_each(t_9 + (15 * i + j) * BLOCK + s, choice_i_10 + choice_i_11, 15 - j);
            }
    for (int i = 0; i < 8; i++)
        for (int j = 0; j < 16; j += I_STEP)
            for (int s = 0; s < BLOCK; s += S_STEP) {
                const lanes x_i_6 = load_feature(table_5 + j);
                const lanes bin_i_2 = load_sample(bin + i * BLOCK + s);
                const lanes_int is_bin_i = lanes_equal(x_i_6, bin_i_2);
                const lanes choice_i_12 = lanes_select(is_bin_i, load_sample(t_3 + i * BLOCK + s), lanes_splat(REAL(0.0)));
                const lanes_int is_below_i = lanes_less(x_i_6, bin_i_2);
                const lanes choice_i_13 = lanes_select(is_below_i, load_sample(t_4 + i * BLOCK + s), lanes_splat(REAL(0.0)));
                const lanes choice_i_14 = lanes_select(is_bin_i, load_sample(t_5 + i * BLOCK + s), lanes_splat(REAL(0.0)));
                const lanes choice_i_15 = lanes_select(is_below_i, load_sample(t_6 + i * BLOCK + s), lanes_splat(REAL(0.0)));
                const lanes d_share_i = choice_i_12 + choice_i_13 + load_sample(t_7 + i * BLOCK + s);
                const lanes x_i_7 = lanes_load(x_4 + (16 * i + j) * BLOCK + s);
                const lanes_int condition_i_8 = lanes_less_equal(lanes_max(x_i_7, lanes_splat(-REAL(3e+01))), lanes_splat(REAL(3e+01)));
                const lanes choice_i_16 = lanes_select(condition_i_8, d_share_i * lanes_load(share_2 + (16 * i + j) * BLOCK + s), lanes_splat(REAL(0.0)));
                store_each(t_10 + (16 * i + j) * BLOCK + s, lanes_select(lanes_less_equal(lanes_splat(-REAL(3e+01)), x_i_7), choice_i_16, lanes_splat(REAL(0.0))), 16 - j);
                const lanes d_share_i_2 = choice_i_14 + choice_i_15 + load_sample(t_8 + i * BLOCK + s);
                const lanes x_i_8 = lanes_load(x_3 + (16 * i + j) * BLOCK + s);
                const lanes_int condition_i_9 = lanes_less_equal(lanes_max(x_i_8, lanes_splat(-REAL(3e+01))), lanes_splat(REAL(3e+01)));
                const lanes choice_i_17 = lanes_select(condition_i_9, d_share_i_2 * lanes_load(share + (16 * i + j) * BLOCK + s), lanes_splat(REAL(0.0)));
                store_each(t_11 + (16 * i + j) * BLOCK + s, lanes_select(lanes_less_equal(lanes_splat(-REAL(3e+01)), x_i_8), choice_i_17, lanes_splat(REAL(0.0))), 16 - j);
            }
    copy_reals(t_12, t_11, 128 * BLOCK);
    copy_reals(t_12 + 128 * BLOCK, t_10, 128 * BLOCK);
    copy_reals(t_12 + 256 * BLOCK, t_9, 120 * BLOCK);
    dense_64x376_then_2(net_2_weight, t_12, x_2, hidden_2, t_13);
    sum_376x64(t_12, hidden_2, block->count, block->adds, workspace + FRAME(4096, 64), d_net_2_weight);
    sum_samples(t_12, 376, block->count, block->adds, d_net_2_bias);
    dense_64x64_then_2(net_1_weight, t_13, x, hidden, t_14);
    sum_64x64(t_13, hidden, block->count, block->adds, workspace + FRAME(8192, 128), d_net_1_weight);
    sum_samples(t_13, 64, block->count, block->adds, d_net_1_bias);
    dense_8x64(net_0_weight, t_14, d_x_a);
    sum_8x64(x_a, t_14, block->count, block->adds, workspace + FRAME(0, 0), d_net_0_weight);
    sum_samples(t_14, 64, block->count, block->adds, d_net_0_bias);
}

/* Backward of energy: from the cotangents of its results those of its inputs. The energy U(x): the sum of the spec's terms.    many_well_16.yaml:8 */
static void energy_backward(const real *x, const real *d_energy, real *d_x, real *workspace)
{
    real *const t = workspace + FRAME(0, 0);
    real *const t_2 = workspace + FRAME(512, 16);
    real *const t_5 = workspace + FRAME(704, 64);
    real *const t_3 = workspace + FRAME(576, 32);
    real *const t_6 = workspace + FRAME(1216, 80);
    real *const t_4 = workspace + FRAME(640, 48);
    real *const t_7 = workspace + FRAME(1728, 16);
    real *const t_8 = workspace + FRAME(2240, 32);
    real *const t_9 = workspace + FRAME(3264, 16);
    real *const t_10 = workspace + FRAME(1216, 48);
    real *const t_11 = workspace + FRAME(4288, 64);
    for (int i = 0; i < 8; i++)
        for (int s = 0; s < BLOCK; s += S_STEP) {
            store_row(t + i * BLOCK + s, load_row(d_energy + s) * load_row(x + (2 * i + 1) * BLOCK + s));
        }
    for (int i = 0; i < BLOCK; i += LANES) {
        const lanes d_energy_i = lanes_load(d_energy + i);
        store_each(t_2 + i, d_energy_i * REAL(4.0), BLOCK - i);
        store_each(t_3 + i, d_energy_i * (-REAL(12.0)), BLOCK - i);
        store_each(t_4 + i, d_energy_i * (-REAL(0.5)), BLOCK - i);
    }
    for (int i = 0; i < 8; i++)
        for (int s = 0; s < BLOCK; s += S_STEP) {
            const lanes x_i = load_row(x + (2 * i) * BLOCK + s);
            store_row(t_5 + i * BLOCK + s, load_row(t_2 + s) * (x_i * x_i) * x_i);
            store_row(t_6 + i * BLOCK + s, load_row(t_3 + s) * x_i);
        }
    for (int i = 0; i < 8; i += I_STEP)
        for (int s = 0; s < BLOCK; s += S_STEP) {
            store_each(t_7 + i * BLOCK + s, load_sample(t_4 + s), 8 - i);
        }
    for (int i = 0; i < 16; i++) {
        for (int s = 0; s < BLOCK; s += S_STEP) {
            store_row(t_8 + i * BLOCK + s, lanes_splat(REAL(0.0)));
        }
    }
    for (int i = 0; i < 1; i++) {
        for (int j = 0; j < 8; j++) {
            for (int k = 0; k < 1; k++) {
                const int target = (16 * i + index_1[j]) * 1 + k;
                for (int s = 0; s < BLOCK; s += S_STEP) {
                    store_row(t_8 + target * BLOCK + s, load_row(t_8 + target * BLOCK + s) + load_row(t_7 + (8 * i + j + k) * BLOCK + s));
                }
            }
        }
    }
    for (int i = 0; i < 16; i++) {
        for (int s = 0; s < BLOCK; s += S_STEP) {
            store_row(t_9 + i * BLOCK + s, lanes_splat(REAL(0.0)));
        }
    }
    for (int i = 0; i < 1; i++) {
        for (int j = 0; j < 8; j++) {
            for (int k = 0; k < 1; k++) {
                const int target = (16 * i + index_1[j]) * 1 + k;
                for (int s = 0; s < BLOCK; s += S_STEP) {
                    store_row(t_9 + target * BLOCK + s, load_row(t_9 + target * BLOCK + s) + load_row(t_6 + (8 * i + j + k) * BLOCK + s));
                }
            }
        }
    }
    for (int i = 0; i < 16; i++) {
        for (int s = 0; s < BLOCK; s += S_STEP) {
            store_row(t_10 + i * BLOCK + s, lanes_splat(REAL(0.0)));
        }
    }
    for (int i = 0; i < 1; i++) {
        for (int j = 0; j < 8; j++) {
            for (int k = 0; k < 1; k++) {
                const int target = (16 * i + index_1[j]) * 1 + k;
                for (int s = 0; s < BLOCK; s += S_STEP) {
                    store_row(t_10 + target * BLOCK + s, load_row(t_10 + target * BLOCK + s) + load_row(t_5 + (8 * i + j + k) * BLOCK + s));
                }
            }
        }
    }
    for (int i = 0; i < 16; i++) {
        for (int s = 0; s < BLOCK; s += S_STEP) {
            store_row(t_11 + i * BLOCK + s, lanes_splat(REAL(0.0)));
        }
    }
    for (int i = 0; i < 1; i++) {
        for (int j = 0; j < 8; j++) {
            for (int k = 0; k < 1; k++) {
                const int target = (16 * i + index_2[j]) * 1 + k;
                for (int s = 0; s < BLOCK; s += S_STEP) {
                    store_row(t_11 + target * BLOCK + s, load_row(t_11 + target * BLOCK + s) + load_row(t + (8 * i + j + k) * BLOCK + s));
                }
            }
        }
    }
    for (int i = 0; i < 16 * BLOCK; i += LANES) {
        store_each(d_x + i, lanes_load(t_8 + i) + lanes_load(t_9 + i) + lanes_load(t_10 + i) + lanes_load(t_11 + i), 16 * BLOCK - i);
    }
}
#ifndef MANY_WELL_16_WITHOUT_STEP

static void entry_step_once(const real *scalars, real *shared)
{
    const real kT = scalars[0];
    const real loss_0_weight = scalars[1];
    real *const d_energy = shared + 16;
    real *const d_log_det = shared + 32;
    /* backward of: reverse KL: the batch's mean of log q(x) + U(x) / kT    many_well_16.yaml:8 */
    /* backward of: flow.layers.1    many_well_16.yaml:8 */
    const real d_log_q_value = loss_0_weight * REAL(0.001953125);
    d_energy[0] = d_log_q_value / kT;
    d_log_det[0] = loss_0_weight * (-REAL(0.001953125));
}

static void entry_step_block(const Block *block, const real *weights, const real *scalars, real *shared, real *sums, double *double_sums, real *workspace)
{
    const real kT = scalars[0];
    real *const z = workspace + FRAME(0, 0);
    real *const log_q = workspace + FRAME(1024, 16);
    real *const z_2 = workspace + FRAME(1088, 32);
    real *const z_3 = workspace + FRAME(1600, 48);
    real *const y_b = workspace + FRAME(0, 0);
    real *const log_det = workspace + FRAME(512, 64);
    real *const t = workspace + FRAME(2112, 80);
    real *const hidden = workspace + FRAME(6208, 144);
    real *const t_2 = workspace + FRAME(10304, 208);
    real *const hidden_2 = workspace + FRAME(14400, 272);
    real *const t_3 = workspace + FRAME(18496, 336);
    real *const share = workspace + FRAME(26688, 464);
    real *const length_per_share = workspace + FRAME(34880, 592);
    real *const t_4 = workspace + FRAME(35392, 608);
    real *const share_2 = workspace + FRAME(43584, 736);
    real *const length_per_share_2 = workspace + FRAME(51776, 864);
    real *const bin = workspace + FRAME(52288, 880);
    real *const t_5 = workspace + FRAME(52800, 896);
    real *const t_6 = workspace + FRAME(53312, 912);
    real *const t_7 = workspace + FRAME(53824, 928);
    real *const t_8 = workspace + FRAME(54336, 944);
    real *const t_9 = workspace + FRAME(54848, 960);
    real *const slope_left = workspace + FRAME(55360, 976);
    real *const t_10 = workspace + FRAME(55872, 992);
    real *const slope_right = workspace + FRAME(56384, 1008);
    real *const mean_slope = workspace + FRAME(56896, 1024);
    real *const t_11 = workspace + FRAME(57408, 1040);
    real *const t_12 = workspace + FRAME(57920, 1056);
    real *const t_13 = workspace + FRAME(58432, 1072);
    real *const t_14 = workspace + FRAME(58944, 1088);
    real *const y_b_2 = workspace + FRAME(59456, 1104);
    real *const log_det_2 = workspace + FRAME(576, 1120);
    real *const t_15 = workspace + FRAME(59968, 1136);
    real *const hidden_3 = workspace + FRAME(64064, 1200);
    real *const t_16 = workspace + FRAME(68160, 1264);
    real *const hidden_4 = workspace + FRAME(72256, 1328);
    real *const t_17 = workspace + FRAME(76352, 1392);
    real *const share_3 = workspace + FRAME(84544, 1520);
    real *const length_per_share_3 = workspace + FRAME(92736, 1648);
    real *const t_18 = workspace + FRAME(93248, 1664);
    real *const share_4 = workspace + FRAME(101440, 1792);
    real *const length_per_share_4 = workspace + FRAME(109632, 1920);
    real *const bin_2 = workspace + FRAME(110144, 1936);
    real *const t_19 = workspace + FRAME(110656, 1952);
    real *const t_20 = workspace + FRAME(111168, 1968);
    real *const t_21 = workspace + FRAME(111680, 1984);
    real *const t_22 = workspace + FRAME(112192, 2000);
    real *const t_23 = workspace + FRAME(112704, 2016);
    real *const slope_left_2 = workspace + FRAME(113216, 2032);
    real *const t_24 = workspace + FRAME(113728, 2048);
    real *const slope_right_2 = workspace + FRAME(114240, 2064);
    real *const mean_slope_2 = workspace + FRAME(114752, 2080);
    real *const t_25 = workspace + FRAME(115264, 2096);
    real *const t_26 = workspace + FRAME(115776, 2112);
    real *const t_27 = workspace + FRAME(116288, 2128);
    real *const t_28 = workspace + FRAME(116800, 2144);
    real *const t_29 = workspace + FRAME(117312, 2160);
    real *const x = workspace + FRAME(118336, 1104);
    real *const energy_2 = workspace + FRAME(640, 2160);
    real *const t_30 = workspace + FRAME(704, 2176);
    real *const d_energy = shared + 16;
    real *const d_x = workspace + FRAME(117312, 64);
    real *const d_y_b = workspace + FRAME(512, 16);
    real *const d_log_det = shared + 32;
    real *const t_31 = workspace + FRAME(59456, 1120);
    real *const d_y_b_2 = workspace + FRAME(0, 0);
    real *const t_32 = workspace + FRAME(512, 16);
    real *const d_energy_each = workspace + FRAME(512, 16);
    real *const d_log_det_each = workspace + FRAME(1024, 1104);
    block_draw_normal(block, RANDOM_TRAIN_NOISE, 0, 16, z);
    gaussian_log_prob(z, log_q, workspace + FRAME(119360, 2192));
    for (int i = 0; i < 8; i++)
        for (int s = 0; s < BLOCK; s += S_STEP) {
            store_row(z_2 + i * BLOCK + s, load_row(z + (2 * i) * BLOCK + s));
        }
    for (int i = 0; i < 8; i++)
        for (int s = 0; s < BLOCK; s += S_STEP) {
            store_row(z_3 + i * BLOCK + s, load_row(z + (2 * i + 1) * BLOCK + s));
        }
    /* flow.layers.0    many_well_16.yaml:14 */
    coupling_spline_forward(weights, z_2, z_3, y_b, log_det, t, hidden, t_2, hidden_2, t_3, share, length_per_share, t_4, share_2, length_per_share_2, bin, t_5, t_6, t_7, t_8, t_9, slope_left, t_10, slope_right, mean_slope, t_11, t_12, t_13, t_14, workspace + FRAME(119360, 2192));
    /* flow.layers.1    many_well_16.yaml:14 */
    coupling_spline_forward(weights + 29176, y_b, z_2, y_b_2, log_det_2, t_15, hidden_3, t_16, hidden_4, t_17, share_3, length_per_share_3, t_18, share_4, length_per_share_4, bin_2, t_19, t_20, t_21, t_22, t_23, slope_left_2, t_24, slope_right_2, mean_slope_2, t_25, t_26, t_27, t_28, workspace + FRAME(119360, 2192));
    copy_reals(t_29, y_b_2, 8 * BLOCK);
    copy_reals(t_29 + 8 * BLOCK, y_b, 8 * BLOCK);
    for (int i = 0; i < 16; i++)
        for (int s = 0; s < BLOCK; s += S_STEP) {
            store_row(x + i * BLOCK + s, load_row(t_29 + index_8[i] * BLOCK + s));
        }
    energy(x, energy_2);
    for (int i = 0; i < BLOCK; i += LANES) {
        const lanes log_q_i = lanes_load(log_q + i) - lanes_load(log_det + i);
        const lanes log_q_i_2 = log_q_i - lanes_load(log_det_2 + i);
        store_each(t_30 + i, log_q_i_2 + lanes_load(energy_2 + i) / kT, BLOCK - i);
    }
    /* reverse KL: the batch's mean of log q(x) + U(x) / kT    many_well_16.yaml:8 */
    double_sums[0] = sum_samples_double(t_30, block->count);
    for (int i = 0; i < BLOCK; i += LANES) {
        store_each(d_energy_each + i, lanes_splat(d_energy[0]), BLOCK - i);
    }
    energy_backward(x, d_energy_each, d_x, workspace + FRAME(119360, 2192));
    for (int i = 0; i < 8; i++)
        for (int s = 0; s < BLOCK; s += S_STEP) {
            store_row(d_y_b + i * BLOCK + s, load_row(d_x + (2 * i) * BLOCK + s));
        }
    for (int i = 0; i < BLOCK; i += LANES) {
        store_each(d_log_det_each + i, lanes_splat(d_log_det[0]), BLOCK - i);
    }
    coupling_spline_backward(block, weights + 29176, y_b, z_2, t_15, hidden_3, t_16, hidden_4, t_17, share_3, length_per_share_3, t_18, share_4, length_per_share_4, bin_2, t_19, t_20, t_21, t_22, t_23, slope_left_2, t_24, slope_right_2, mean_slope_2, t_25, t_26, t_27, t_28, d_y_b, d_log_det_each, sums + 29176, t_31, workspace + FRAME(119360, 2192));
    for (int i = 0; i < 8; i++)
        for (int s = 0; s < BLOCK; s += S_STEP) {
            store_row(d_y_b_2 + i * BLOCK + s, load_row(d_x + (2 * i + 1) * BLOCK + s) + load_row(t_31 + i * BLOCK + s));
        }
    /* backward of: flow.layers.0    many_well_16.yaml:14 */
    coupling_spline_backward(block, weights, z_2, z_3, t, hidden, t_2, hidden_2, t_3, share, length_per_share, t_4, share_2, length_per_share_2, bin, t_5, t_6, t_7, t_8, t_9, slope_left, t_10, slope_right, mean_slope, t_11, t_12, t_13, t_14, d_y_b_2, d_log_det_each, sums, t_32, workspace + FRAME(119360, 2192));
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
    real *const frames = shared + 467120;
    (void)data, (void)threads;
    entry_step_once(scalars, shared);
    PARALLEL_FOR
    for (ptrdiff_t shard = 0; shard < 8; shard++) {
        Block block = block_of(512, shard, seed, 0, step);
        const ptrdiff_t place = block_place(&block, shard, &added);
        entry_step_block(&block, weights, scalars, shared, place == 0 ? gradient : sums + place * 58352, double_sums + shard * 16, frames + ANSATZ_THREAD() * 171584);
    }
    *(shared) = (real)sum_shards_double(double_sums, 8, 16);
    sum_shards(gradient, sums, added, 8, 58352, 58352, gradient, threads);
    entry_step_once_1(scalars, &loss, shared);
    return (double)loss;
}
#endif
