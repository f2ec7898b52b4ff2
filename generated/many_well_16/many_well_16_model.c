/* SPDX-License-Identifier: MIT-0 */
/* The model: from noise to samples and back.
 * Compiled from many_well_16.yaml by ansatz 0.1.0. */
#include "many_well_16_parts.h"

/* Standard normal: log p(z) = -|z|^2 / 2 - D/2 log(2 pi).    many_well_16.yaml:12 */
void gaussian_log_prob(const real *z, real *log_prob, real *workspace)
{
    real *const squares = workspace + FRAME(0, 0);
    for (int s = 0; s < BLOCK; s += S_STEP) {
        lanes squares_i = lanes_splat(REAL(0.0));
        for (int i = 0; i < 16; i += I_STEP) {
            const lanes z_i = lanes_load(z + i * BLOCK + s);
            squares_i = add_terms(squares_i, z_i * z_i, 16 - i);
        }
        store_row(squares + s, squares_i);
    }
    for (int i = 0; i < BLOCK; i += LANES) {
        store_each(log_prob + i, lanes_fma(lanes_load(squares + i), lanes_splat(-REAL(0.5)), lanes_splat(-REAL(14.703016531274764))), BLOCK - i);
    }
}

/* Spline coupling: y_a = x_a, y_b = g(x_b; p(x_a)), g monotone; log|det J| = sum log g'. Durkan, Bekasov, Murray, Papamakarios 2019, eq. 4-8. p: a dense net 8 -> 64 -> 64 -> 376, silu; 16 bins of [-B, B], B = 4, the identity outside.    many_well_16.yaml:14 */
static void coupling_spline(const real *weights, const real *x_a, const real *x_b, real *y_b, real *log_det, real *workspace)
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
    real *const share = workspace + FRAME(0, 0);
    real *const t_2 = workspace + FRAME(32256, 512);
    real *const length_per_share = workspace + FRAME(41472, 672);
    real *const share_2 = workspace + FRAME(32768, 528);
    real *const t_3 = workspace + FRAME(40960, 656);
    real *const length_per_share_2 = workspace + FRAME(41984, 688);
    real *const shares_up_to = workspace + FRAME(42496, 704);
    real *const bin = workspace + FRAME(32256, 512);
    real *const t_4 = workspace + FRAME(40960, 656);
    real *const t_5 = workspace + FRAME(42496, 704);
    real *const t_6 = workspace + FRAME(43008, 720);
    real *const lower = workspace + FRAME(0, 0);
    real *const t_7 = workspace + FRAME(43520, 736);
    real *const height = workspace + FRAME(512, 16);
    real *const t_12 = workspace + FRAME(3584, 112);
    real *const t_13 = workspace + FRAME(4096, 528);
    real *const mean_slope = workspace + FRAME(1024, 32);
    real *const t_8 = workspace + FRAME(1536, 48);
    real *const t_9 = workspace + FRAME(2048, 64);
    real *const t_10 = workspace + FRAME(2560, 80);
    real *const t_11 = workspace + FRAME(3072, 96);
    dense_64x8_sigmoid(net_0_weight, x_a, net_0_bias, hidden);
    dense_64x64_sigmoid(net_1_weight, hidden, net_1_bias, hidden_2);
    dense_376x64(net_2_weight, hidden_2, net_2_bias, t);
    real v_sum_terms[TERMS_ROOM(8, 16)];
    real v_sum_terms_2[TERMS_ROOM(8, 16)];
    for (int i = 0; i < 8; i++)
        for (int s = 0; s < BLOCK; s += S_STEP) {
            lanes v_sum_i = lanes_splat(REAL(0.0));
            lanes v_sum_i_2 = lanes_splat(REAL(0.0));
            for (int j = 0; j < 16; j += I_STEP) {
                const lanes v_max_i = lanes_max(lanes_load(t + (16 * i + j) * BLOCK + s), lanes_splat(-REAL(3e+01)));
                const lanes share_i = lanes_exp(lanes_min(v_max_i, lanes_splat(REAL(3e+01))));
                store_each(share + (16 * i + j) * BLOCK + s, share_i, 16 - j);
                v_sum_i = keep_terms(v_sum_terms, i * TERMS_STRIDE(16) + j, v_sum_i, share_i, 16 - j);
                const lanes v_max_i_2 = lanes_max(lanes_load(t + (16 * i + j + 128) * BLOCK + s), lanes_splat(-REAL(3e+01)));
                const lanes share_i_2 = lanes_exp(lanes_min(v_max_i_2, lanes_splat(REAL(3e+01))));
                store_each(share_2 + (16 * i + j) * BLOCK + s, share_i_2, 16 - j);
                v_sum_i_2 = keep_terms(v_sum_terms_2, i * TERMS_STRIDE(16) + j, v_sum_i_2, share_i_2, 16 - j);
            }
            store_row(t_2 + i * BLOCK + s, v_sum_i);
            store_row(t_3 + i * BLOCK + s, v_sum_i_2);
        }
    sum_kept_terms(v_sum_terms, 8, 16, t_2);
    sum_kept_terms(v_sum_terms_2, 8, 16, t_3);
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
    real bin_terms[TERMS_ROOM(8, 15)];
    for (int i = 0; i < 8; i++)
        for (int s = 0; s < BLOCK; s += S_STEP) {
            lanes bin_i = lanes_splat(REAL(0.0));
            for (int j = 0; j < 15; j += I_STEP) {
                const lanes knot_i = lanes_fma(lanes_load(shares_up_to + (16 * i + j) * BLOCK + s), load_sample(length_per_share + i * BLOCK + s), load_feature(table_4 + j));
                const lanes to_real_i = lanes_select(lanes_less_equal(knot_i, load_sample(x_b + i * BLOCK + s)), lanes_splat(REAL(1.0)), lanes_splat(REAL(0.0)));
                bin_i = keep_terms(bin_terms, i * TERMS_STRIDE(15) + j, bin_i, to_real_i, 15 - j);
            }
            store_row(bin + i * BLOCK + s, bin_i);
        }
    sum_kept_terms(bin_terms, 8, 15, bin);
    real v_sum_terms_3[TERMS_ROOM(8, 16)];
    real v_sum_terms_4[TERMS_ROOM(8, 16)];
    real v_sum_terms_5[TERMS_ROOM(8, 16)];
    real v_sum_terms_6[TERMS_ROOM(8, 16)];
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
                v_sum_i_3 = keep_terms(v_sum_terms_3, i * TERMS_STRIDE(16) + j, v_sum_i_3, lanes_select(is_below_i, share_i_3, lanes_splat(REAL(0.0))), 16 - j);
                v_sum_i_4 = keep_terms(v_sum_terms_4, i * TERMS_STRIDE(16) + j, v_sum_i_4, lanes_select(is_bin_i, share_i_3, lanes_splat(REAL(0.0))), 16 - j);
                const lanes share_i_4 = lanes_load(share_2 + (16 * i + j) * BLOCK + s);
                v_sum_i_5 = keep_terms(v_sum_terms_5, i * TERMS_STRIDE(16) + j, v_sum_i_5, lanes_select(is_below_i, share_i_4, lanes_splat(REAL(0.0))), 16 - j);
                v_sum_i_6 = keep_terms(v_sum_terms_6, i * TERMS_STRIDE(16) + j, v_sum_i_6, lanes_select(is_bin_i, share_i_4, lanes_splat(REAL(0.0))), 16 - j);
            }
            store_row(t_4 + i * BLOCK + s, v_sum_i_3);
            store_row(t_5 + i * BLOCK + s, v_sum_i_4);
            store_row(t_6 + i * BLOCK + s, v_sum_i_5);
            store_row(t_7 + i * BLOCK + s, v_sum_i_6);
        }
    sum_kept_terms(v_sum_terms_3, 8, 16, t_4);
    sum_kept_terms(v_sum_terms_4, 8, 16, t_5);
    sum_kept_terms(v_sum_terms_5, 8, 16, t_6);
    sum_kept_terms(v_sum_terms_6, 8, 16, t_7);
    for (int i = 0; i < 8 * BLOCK; i += LANES) {
        const lanes v_sum_i_7 = lanes_fma(lanes_load(bin + i), lanes_splat(REAL(0.008)), lanes_splat(-REAL(4.0)));
        const lanes length_per_share_i = lanes_load(length_per_share + i);
        const lanes left_i = lanes_fma(lanes_load(t_4 + i), length_per_share_i, v_sum_i_7);
        const lanes width_i = lanes_fma(lanes_load(t_5 + i), length_per_share_i, lanes_splat(REAL(0.008)));
        const lanes length_per_share_i_2 = lanes_load(length_per_share_2 + i);
        store_each(lower + i, lanes_fma(lanes_load(t_6 + i), length_per_share_i_2, v_sum_i_7), 8 * BLOCK - i);
        const lanes height_i = lanes_fma(lanes_load(t_7 + i), length_per_share_i_2, lanes_splat(REAL(0.008)));
        store_each(height + i, height_i, 8 * BLOCK - i);
        const lanes mean_slope_i = height_i / width_i;
        store_each(mean_slope + i, mean_slope_i, 8 * BLOCK - i);
        const lanes theta_i = lanes_min(lanes_max((lanes_load(x_b + i) - left_i) / width_i, lanes_splat(REAL(0.0))), lanes_splat(REAL(1.0)));
        const lanes difference_i = REAL(1.0) - theta_i;
        const lanes product_i = theta_i * difference_i;
        store_each(t_8 + i, product_i, 8 * BLOCK - i);
        store_each(t_9 + i, theta_i * theta_i, 8 * BLOCK - i);
        store_each(t_10 + i, mean_slope_i * product_i * REAL(2.0), 8 * BLOCK - i);
        store_each(t_11 + i, difference_i * difference_i, 8 * BLOCK - i);
    }
    real v_sum_terms_7[TERMS_ROOM(8, 15)];
    real v_sum_terms_8[TERMS_ROOM(8, 15)];
    for (int i = 0; i < 8; i++)
        for (int s = 0; s < BLOCK; s += S_STEP) {
            lanes v_sum_i_8 = lanes_splat(REAL(0.0));
            lanes v_sum_i_9 = lanes_splat(REAL(0.0));
            for (int j = 0; j < 15; j += I_STEP) {
                const lanes bin_i_3 = load_sample(bin + i * BLOCK + s);
                const lanes x_i_2 = lanes_load(t + (15 * i + j + 256) * BLOCK + s);
                const lanes choice_i = lanes_select(lanes_equal(load_feature(table_6 + j), bin_i_3), x_i_2, lanes_splat(REAL(0.0)));
                v_sum_i_8 = keep_terms(v_sum_terms_7, i * TERMS_STRIDE(15) + j, v_sum_i_8, choice_i, 15 - j);
                const lanes choice_i_2 = lanes_select(lanes_equal(load_feature(table_7 + j), bin_i_3), x_i_2, lanes_splat(REAL(0.0)));
                v_sum_i_9 = keep_terms(v_sum_terms_8, i * TERMS_STRIDE(15) + j, v_sum_i_9, choice_i_2, 15 - j);
            }
            store_row(t_12 + i * BLOCK + s, v_sum_i_8);
            store_row(t_13 + i * BLOCK + s, v_sum_i_9);
        }
    sum_kept_terms(v_sum_terms_7, 8, 15, t_12);
    sum_kept_terms(v_sum_terms_8, 8, 15, t_13);
    for (int s = 0; s < BLOCK; s += S_STEP) {
        lanes v_sum_i_10 = lanes_splat(REAL(0.0));
        for (int i = 0; i < 8; i += I_STEP) {
            const lanes slope_left_i = lanes_softplus(lanes_load(t_12 + i * BLOCK + s) + REAL(0.539742417236952)) + REAL(0.001);
            const lanes slope_right_i = lanes_softplus(lanes_load(t_13 + i * BLOCK + s) + REAL(0.539742417236952)) + REAL(0.001);
            const lanes mean_slope_i_2 = lanes_load(mean_slope + i * BLOCK + s);
            const lanes bend_i = lanes_fma(mean_slope_i_2, lanes_splat(-REAL(2.0)), slope_left_i + slope_right_i);
            const lanes x_i_3 = lanes_load(t_8 + i * BLOCK + s);
            const lanes denominator_i = lanes_fma(bend_i, x_i_3, mean_slope_i_2);
            const lanes x_i_4 = lanes_load(t_9 + i * BLOCK + s);
            const lanes product_i_2 = lanes_load(height + i * BLOCK + s) * lanes_fma(mean_slope_i_2, x_i_4, slope_left_i * x_i_3);
            const lanes v_sum_i_11 = lanes_fma(slope_left_i, lanes_load(t_11 + i * BLOCK + s), lanes_fma(slope_right_i, x_i_4, lanes_load(t_10 + i * BLOCK + s)));
            const lanes ratio_i = mean_slope_i_2 / denominator_i;
            const lanes log_slope_i = lanes_log(ratio_i * ratio_i * v_sum_i_11);
            const lanes x_b_i = lanes_load(x_b + i * BLOCK + s);
            const lanes_int inside_i = lanes_less(lanes_abs(x_b_i), lanes_splat(REAL(4.0)));
            store_each(y_b + i * BLOCK + s, lanes_select(inside_i, lanes_load(lower + i * BLOCK + s) + product_i_2 / denominator_i, x_b_i), 8 - i);
            v_sum_i_10 = add_terms(v_sum_i_10, lanes_select(inside_i, log_slope_i, lanes_splat(REAL(0.0))), 8 - i);
        }
        store_row(log_det + s, v_sum_i_10);
    }
}

static void entry_sample(const Block *block, const real *weights, const real kT, const real loss_0_weight, real *x, real *log_q, real *workspace)
{
    real *const z = workspace + FRAME(0, 0);
    real *const log_q_2 = workspace + FRAME(1024, 16);
    real *const z_2 = workspace + FRAME(1088, 32);
    real *const z_3 = workspace + FRAME(1600, 48);
    real *const y_b = workspace + FRAME(0, 0);
    real *const log_det = workspace + FRAME(512, 64);
    real *const y_b_2 = workspace + FRAME(1600, 48);
    real *const log_det_2 = workspace + FRAME(576, 80);
    real *const t = workspace + FRAME(512, 16);
    block_draw_normal(block, RANDOM_SAMPLE, 0, 16, z);
    gaussian_log_prob(z, log_q_2, workspace + FRAME(2112, 96));
    for (int i = 0; i < 8; i++)
        for (int s = 0; s < BLOCK; s += S_STEP) {
            store_row(z_2 + i * BLOCK + s, load_row(z + (2 * i) * BLOCK + s));
        }
    for (int i = 0; i < 8; i++)
        for (int s = 0; s < BLOCK; s += S_STEP) {
            store_row(z_3 + i * BLOCK + s, load_row(z + (2 * i + 1) * BLOCK + s));
        }
    /* flow.layers.0    many_well_16.yaml:14 */
    coupling_spline(weights, z_2, z_3, y_b, log_det, workspace + FRAME(2112, 96));
    /* flow.layers.1    many_well_16.yaml:14 */
    coupling_spline(weights + WEIGHT(29176, 29184), y_b, z_2, y_b_2, log_det_2, workspace + FRAME(2112, 96));
    for (int i = 0; i < BLOCK; i += LANES) {
        const lanes log_q_i = lanes_load(log_q_2 + i) - lanes_load(log_det + i);
        store_each(log_q + i, log_q_i - lanes_load(log_det_2 + i), BLOCK - i);
    }
    copy_reals(t, y_b_2, 8 * BLOCK);
    copy_reals(t + 8 * BLOCK, y_b, 8 * BLOCK);
    for (int i = 0; i < 16; i++)
        for (int s = 0; s < BLOCK; s += S_STEP) {
            store_row(x + i * BLOCK + s, load_row(t + index_8[i] * BLOCK + s));
        }
    (void)kT;
    (void)loss_0_weight;
}

/* Inverse of a spline coupling: x_a = y_a, x_b = g^-1(y_b; p(x_a)); log|det J| = -sum log g'(x_b). Durkan, Bekasov, Murray, Papamakarios 2019, eq. 4-8. p: a dense net 8 -> 64 -> 64 -> 376, silu; 16 bins of [-B, B], B = 4, the identity outside.    many_well_16.yaml:14 */
static void coupling_spline_inverse(const real *weights, const real *x_a, const real *y_b, real *x_b, real *log_det, real *workspace)
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
    real *const share = workspace + FRAME(0, 0);
    real *const t_2 = workspace + FRAME(32256, 512);
    real *const length_per_share = workspace + FRAME(41472, 672);
    real *const share_2 = workspace + FRAME(32768, 528);
    real *const t_3 = workspace + FRAME(40960, 656);
    real *const length_per_share_2 = workspace + FRAME(41984, 688);
    real *const shares_up_to = workspace + FRAME(42496, 704);
    real *const bin = workspace + FRAME(32256, 512);
    real *const t_4 = workspace + FRAME(40960, 656);
    real *const left = workspace + FRAME(0, 0);
    real *const t_5 = workspace + FRAME(42496, 704);
    real *const width = workspace + FRAME(512, 16);
    real *const t_6 = workspace + FRAME(43008, 720);
    real *const t_7 = workspace + FRAME(43520, 736);
    real *const height = workspace + FRAME(1024, 32);
    real *const t_10 = workspace + FRAME(3584, 112);
    real *const t_11 = workspace + FRAME(4096, 528);
    real *const mean_slope = workspace + FRAME(1536, 48);
    real *const t_8 = workspace + FRAME(2048, 64);
    real *const minus_c = workspace + FRAME(2560, 80);
    real *const t_9 = workspace + FRAME(3072, 96);
    real *const t_12 = workspace + FRAME(4608, 128);
    dense_64x8_sigmoid(net_0_weight, x_a, net_0_bias, hidden);
    dense_64x64_sigmoid(net_1_weight, hidden, net_1_bias, hidden_2);
    dense_376x64(net_2_weight, hidden_2, net_2_bias, t);
    real v_sum_terms[TERMS_ROOM(8, 16)];
    real v_sum_terms_2[TERMS_ROOM(8, 16)];
    for (int i = 0; i < 8; i++)
        for (int s = 0; s < BLOCK; s += S_STEP) {
            lanes v_sum_i = lanes_splat(REAL(0.0));
            lanes v_sum_i_2 = lanes_splat(REAL(0.0));
            for (int j = 0; j < 16; j += I_STEP) {
                const lanes v_max_i = lanes_max(lanes_load(t + (16 * i + j) * BLOCK + s), lanes_splat(-REAL(3e+01)));
                const lanes share_i = lanes_exp(lanes_min(v_max_i, lanes_splat(REAL(3e+01))));
                store_each(share + (16 * i + j) * BLOCK + s, share_i, 16 - j);
                v_sum_i = keep_terms(v_sum_terms, i * TERMS_STRIDE(16) + j, v_sum_i, share_i, 16 - j);
                const lanes v_max_i_2 = lanes_max(lanes_load(t + (16 * i + j + 128) * BLOCK + s), lanes_splat(-REAL(3e+01)));
                const lanes share_i_2 = lanes_exp(lanes_min(v_max_i_2, lanes_splat(REAL(3e+01))));
                store_each(share_2 + (16 * i + j) * BLOCK + s, share_i_2, 16 - j);
                v_sum_i_2 = keep_terms(v_sum_terms_2, i * TERMS_STRIDE(16) + j, v_sum_i_2, share_i_2, 16 - j);
            }
            store_row(t_2 + i * BLOCK + s, v_sum_i);
            store_row(t_3 + i * BLOCK + s, v_sum_i_2);
        }
    sum_kept_terms(v_sum_terms, 8, 16, t_2);
    sum_kept_terms(v_sum_terms_2, 8, 16, t_3);
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
    real bin_terms[TERMS_ROOM(8, 15)];
    for (int i = 0; i < 8; i++)
        for (int s = 0; s < BLOCK; s += S_STEP) {
            lanes bin_i = lanes_splat(REAL(0.0));
            for (int j = 0; j < 15; j += I_STEP) {
                const lanes knot_i = lanes_fma(lanes_load(shares_up_to + (16 * i + j) * BLOCK + s), load_sample(length_per_share_2 + i * BLOCK + s), load_feature(table_4 + j));
                const lanes to_real_i = lanes_select(lanes_less_equal(knot_i, load_sample(y_b + i * BLOCK + s)), lanes_splat(REAL(1.0)), lanes_splat(REAL(0.0)));
                bin_i = keep_terms(bin_terms, i * TERMS_STRIDE(15) + j, bin_i, to_real_i, 15 - j);
            }
            store_row(bin + i * BLOCK + s, bin_i);
        }
    sum_kept_terms(bin_terms, 8, 15, bin);
    real v_sum_terms_3[TERMS_ROOM(8, 16)];
    real v_sum_terms_4[TERMS_ROOM(8, 16)];
    real v_sum_terms_5[TERMS_ROOM(8, 16)];
    real v_sum_terms_6[TERMS_ROOM(8, 16)];
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
                v_sum_i_3 = keep_terms(v_sum_terms_3, i * TERMS_STRIDE(16) + j, v_sum_i_3, lanes_select(is_below_i, share_i_3, lanes_splat(REAL(0.0))), 16 - j);
                v_sum_i_4 = keep_terms(v_sum_terms_4, i * TERMS_STRIDE(16) + j, v_sum_i_4, lanes_select(is_bin_i, share_i_3, lanes_splat(REAL(0.0))), 16 - j);
                const lanes share_i_4 = lanes_load(share_2 + (16 * i + j) * BLOCK + s);
                v_sum_i_5 = keep_terms(v_sum_terms_5, i * TERMS_STRIDE(16) + j, v_sum_i_5, lanes_select(is_below_i, share_i_4, lanes_splat(REAL(0.0))), 16 - j);
                v_sum_i_6 = keep_terms(v_sum_terms_6, i * TERMS_STRIDE(16) + j, v_sum_i_6, lanes_select(is_bin_i, share_i_4, lanes_splat(REAL(0.0))), 16 - j);
            }
            store_row(t_4 + i * BLOCK + s, v_sum_i_3);
            store_row(t_5 + i * BLOCK + s, v_sum_i_4);
            store_row(t_6 + i * BLOCK + s, v_sum_i_5);
            store_row(t_7 + i * BLOCK + s, v_sum_i_6);
        }
    sum_kept_terms(v_sum_terms_3, 8, 16, t_4);
    sum_kept_terms(v_sum_terms_4, 8, 16, t_5);
    sum_kept_terms(v_sum_terms_5, 8, 16, t_6);
    sum_kept_terms(v_sum_terms_6, 8, 16, t_7);
    for (int i = 0; i < 8 * BLOCK; i += LANES) {
        const lanes v_sum_i_7 = lanes_fma(lanes_load(bin + i), lanes_splat(REAL(0.008)), lanes_splat(-REAL(4.0)));
        const lanes length_per_share_i = lanes_load(length_per_share + i);
        store_each(left + i, lanes_fma(lanes_load(t_4 + i), length_per_share_i, v_sum_i_7), 8 * BLOCK - i);
        const lanes width_i = lanes_fma(lanes_load(t_5 + i), length_per_share_i, lanes_splat(REAL(0.008)));
        store_each(width + i, width_i, 8 * BLOCK - i);
        const lanes length_per_share_i_2 = lanes_load(length_per_share_2 + i);
        const lanes lower_i = lanes_fma(lanes_load(t_6 + i), length_per_share_i_2, v_sum_i_7);
        const lanes height_i = lanes_fma(lanes_load(t_7 + i), length_per_share_i_2, lanes_splat(REAL(0.008)));
        store_each(height + i, height_i, 8 * BLOCK - i);
        const lanes mean_slope_i = height_i / width_i;
        store_each(mean_slope + i, mean_slope_i, 8 * BLOCK - i);
        const lanes t_i = lanes_min(lanes_max(lanes_load(y_b + i) - lower_i, lanes_splat(REAL(0.0))), height_i);
        store_each(t_8 + i, t_i, 8 * BLOCK - i);
        const lanes minus_c_i = mean_slope_i * t_i;
        store_each(minus_c + i, minus_c_i, 8 * BLOCK - i);
        store_each(t_9 + i, minus_c_i * REAL(2.0), 8 * BLOCK - i);
    }
    real v_sum_terms_7[TERMS_ROOM(8, 15)];
    real v_sum_terms_8[TERMS_ROOM(8, 15)];
    for (int i = 0; i < 8; i++)
        for (int s = 0; s < BLOCK; s += S_STEP) {
            lanes v_sum_i_8 = lanes_splat(REAL(0.0));
            lanes v_sum_i_9 = lanes_splat(REAL(0.0));
            for (int j = 0; j < 15; j += I_STEP) {
                const lanes bin_i_3 = load_sample(bin + i * BLOCK + s);
                const lanes x_i_2 = lanes_load(t + (15 * i + j + 256) * BLOCK + s);
                const lanes choice_i = lanes_select(lanes_equal(load_feature(table_6 + j), bin_i_3), x_i_2, lanes_splat(REAL(0.0)));
                v_sum_i_8 = keep_terms(v_sum_terms_7, i * TERMS_STRIDE(15) + j, v_sum_i_8, choice_i, 15 - j);
                const lanes choice_i_2 = lanes_select(lanes_equal(load_feature(table_7 + j), bin_i_3), x_i_2, lanes_splat(REAL(0.0)));
                v_sum_i_9 = keep_terms(v_sum_terms_8, i * TERMS_STRIDE(15) + j, v_sum_i_9, choice_i_2, 15 - j);
            }
            store_row(t_10 + i * BLOCK + s, v_sum_i_8);
            store_row(t_11 + i * BLOCK + s, v_sum_i_9);
        }
    sum_kept_terms(v_sum_terms_7, 8, 15, t_10);
    sum_kept_terms(v_sum_terms_8, 8, 15, t_11);
    for (int s = 0; s < BLOCK; s += S_STEP) {
        lanes v_sum_i_10 = lanes_splat(REAL(0.0));
        for (int i = 0; i < 8; i += I_STEP) {
            const lanes slope_left_i = lanes_softplus(lanes_load(t_10 + i * BLOCK + s) + REAL(0.539742417236952)) + REAL(0.001);
            const lanes slope_right_i = lanes_softplus(lanes_load(t_11 + i * BLOCK + s) + REAL(0.539742417236952)) + REAL(0.001);
            const lanes mean_slope_i_2 = lanes_load(mean_slope + i * BLOCK + s);
            const lanes bend_i = lanes_fma(mean_slope_i_2, lanes_splat(-REAL(2.0)), slope_left_i + slope_right_i);
            const lanes product_i = lanes_load(t_8 + i * BLOCK + s) * bend_i;
            const lanes height_i_2 = lanes_load(height + i * BLOCK + s);
            const lanes a_i = lanes_fma(height_i_2, mean_slope_i_2 - slope_left_i, product_i);
            const lanes b_i = lanes_fma(height_i_2, slope_left_i, -product_i);
            const lanes v_max_i_3 = lanes_max(lanes_fma(b_i, b_i, a_i * lanes_load(minus_c + i * BLOCK + s) * REAL(4.0)), lanes_splat(REAL(0.0)));
            const lanes theta_i = lanes_load(t_9 + i * BLOCK + s) / (b_i + lanes_sqrt(v_max_i_3));
            const lanes difference_i = REAL(1.0) - theta_i;
            const lanes product_i_2 = theta_i * difference_i;
            const lanes denominator_i = lanes_fma(bend_i, product_i_2, mean_slope_i_2);
            const lanes v_sum_i_11 = lanes_fma(slope_right_i, theta_i * theta_i, mean_slope_i_2 * product_i_2 * REAL(2.0));
            const lanes ratio_i = mean_slope_i_2 / denominator_i;
            const lanes product_i_3 = ratio_i * ratio_i * lanes_fma(slope_left_i, difference_i * difference_i, v_sum_i_11);
            const lanes log_slope_i = lanes_log(product_i_3);
            const lanes v_sum_i_12 = lanes_fma(theta_i, lanes_load(width + i * BLOCK + s), lanes_load(left + i * BLOCK + s));
            const lanes y_b_i = lanes_load(y_b + i * BLOCK + s);
            const lanes_int inside_i = lanes_less(lanes_abs(y_b_i), lanes_splat(REAL(4.0)));
            store_each(x_b + i * BLOCK + s, lanes_select(inside_i, v_sum_i_12, y_b_i), 8 - i);
            v_sum_i_10 = add_terms(v_sum_i_10, lanes_select(inside_i, log_slope_i, lanes_splat(REAL(0.0))), 8 - i);
        }
        store_row(t_12 + s, v_sum_i_10);
    }
    for (int i = 0; i < BLOCK; i += LANES) {
        store_each(log_det + i, -lanes_load(t_12 + i), BLOCK - i);
    }
}

static void entry_log_prob(const real *weights, const real kT, const real loss_0_weight, const real *x, real *log_q, real *workspace)
{
    real *const x_2 = workspace + FRAME(0, 0);
    real *const x_3 = workspace + FRAME(512, 16);
    real *const x_b = workspace + FRAME(1024, 32);
    real *const log_q_2 = workspace + FRAME(1536, 48);
    real *const x_b_2 = workspace + FRAME(512, 16);
    real *const log_det = workspace + FRAME(1600, 64);
    real *const t = workspace + FRAME(1664, 0);
    real *const z = workspace + FRAME(0, 16);
    real *const t_2 = workspace + FRAME(1024, 0);
    for (int i = 0; i < 8; i++)
        for (int s = 0; s < BLOCK; s += S_STEP) {
            store_row(x_2 + i * BLOCK + s, load_row(x + (2 * i + 1) * BLOCK + s));
        }
    for (int i = 0; i < 8; i++)
        for (int s = 0; s < BLOCK; s += S_STEP) {
            store_row(x_3 + i * BLOCK + s, load_row(x + (2 * i) * BLOCK + s));
        }
    /* flow.layers.1    many_well_16.yaml:14 */
    coupling_spline_inverse(weights + WEIGHT(29176, 29184), x_2, x_3, x_b, log_q_2, workspace + FRAME(2688, 80));
    /* flow.layers.0    many_well_16.yaml:14 */
    coupling_spline_inverse(weights, x_b, x_2, x_b_2, log_det, workspace + FRAME(2688, 80));
    copy_reals(t, x_b, 8 * BLOCK);
    copy_reals(t + 8 * BLOCK, x_b_2, 8 * BLOCK);
    for (int i = 0; i < 16; i++)
        for (int s = 0; s < BLOCK; s += S_STEP) {
            store_row(z + i * BLOCK + s, load_row(t + index_8[i] * BLOCK + s));
        }
    gaussian_log_prob(z, t_2, workspace + FRAME(2688, 80));
    for (int i = 0; i < BLOCK; i += LANES) {
        const lanes log_q_i = lanes_load(log_q_2 + i) + lanes_load(log_det + i);
        store_each(log_q + i, log_q_i + lanes_load(t_2 + i), BLOCK - i);
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
        real *const frame = (real *)workspace + ANSATZ_THREAD() * FRAME(53888, 976);
        entry_sample(&block, weights, scalars[0], scalars[1], frame, frame + FRAME(1024, 16), frame + FRAME(1088, 32));
        rows_from_block(&block, frame, 16, x);
        rows_from_block(&block, frame + FRAME(1024, 16), 1, log_q);
    }
}

void MODEL(log_prob)(const real *weights, const real *scalars, size_t count, const real *x, real *log_q, void *workspace, int threads)
{
    (void)threads;
    PARALLEL_FOR
    for (ptrdiff_t number = 0; number < block_count(count); number++) {
        const Block block = block_of(count, number, 0, 0, 0);
        real *const frame = (real *)workspace + ANSATZ_THREAD() * FRAME(54464, 960);
        block_from_rows(&block, x, 16, frame);
        entry_log_prob(weights, scalars[0], scalars[1], frame, frame + FRAME(1024, 16), frame + FRAME(1088, 32));
        rows_from_block(&block, frame + FRAME(1024, 16), 1, log_q);
    }
}

#if ANSATZ_BLOCK == 1

/* The weights as one sample at a time reads them: in vector lanes, each tensor from a cache line on, matrices by
 * columns. */
void MODEL(prepare)(const real *weights, real *prepared)
{
#if LANES > 1
    prepare_matrix(weights + 0, 64, 8, prepared + 0); /* flow.layers.0.net.0.weight */
    copy_reals(prepared + 512, weights + 512, 64);
    prepare_matrix(weights + 576, 64, 64, prepared + 576); /* flow.layers.0.net.1.weight */
    copy_reals(prepared + 4672, weights + 4672, 64);
    prepare_matrix(weights + 4736, 376, 64, prepared + 4736); /* flow.layers.0.net.2.weight */
    copy_reals(prepared + 28800, weights + 28800, 376);
    prepare_matrix(weights + 29176, 64, 8, prepared + 29184); /* flow.layers.1.net.0.weight */
    copy_reals(prepared + 29696, weights + 29688, 64);
    prepare_matrix(weights + 29752, 64, 64, prepared + 29760); /* flow.layers.1.net.1.weight */
    copy_reals(prepared + 33856, weights + 33848, 64);
    prepare_matrix(weights + 33912, 376, 64, prepared + 33920); /* flow.layers.1.net.2.weight */
    copy_reals(prepared + 57984, weights + 57976, 376);
#else
    copy_reals(prepared, weights, 58352);
#endif
}

#endif
