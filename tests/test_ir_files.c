/* SPDX-License-Identifier: MIT */
/* The hand-written modules of tests/ir, which keep the IR honest: each says something that a real model needs. Their
 * losses are compared with the same formulas written in C, sample by sample, from the files' inputs alone. */
#include "tests/ir_helpers.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { BATCH = 8 };

/* A file's entry at random inputs. */
typedef struct Case {
    Arena *arena;
    IrModule *module;
    IrFunction *loss;
    IrTensor *inputs, *outputs;
} Case;

static Case start_case(Arena *arena, const char *path)
{
    Case c = {.arena = arena, .module = ir_test_read(arena, path)};
    TestRandom random = {2024};
    c.loss = ir_test_find(c.module, "loss");
    c.inputs = ir_test_random_inputs(arena, c.loss, BATCH, &random, -1, 1);
    return c;
}

static double *input(const Case *c, const char *name)
{
    return ir_test_input(c->loss, c->inputs, name)->data;
}

static void expect_loss(Case *c, double expected)
{
    c->outputs = ir_test_run(c->arena, c->loss, BATCH, c->inputs);
    ir_test_expect(c->outputs[0].data, &expected, 1, 1e-12, c->module->name);
}

/* y = w x + b, w [rows][columns]; b NULL: none. */
static void affine(const double *w, const double *x, const double *b, int rows, int columns, double *y)
{
    for (int i = 0; i < rows; i++) {
        y[i] = b ? b[i] : 0;
        for (int j = 0; j < columns; j++)
            y[i] += w[i * columns + j] * x[j];
    }
}

static void apply_tanh(double *x, int count)
{
    for (int i = 0; i < count; i++)
        x[i] = tanh(x[i]);
}

static double square_norm(const double *x, int count)
{
    double sum = 0;
    for (int i = 0; i < count; i++)
        sum += x[i] * x[i];
    return sum;
}

/* ---- gradient penalty ------------------------------------------------------------------------------------------- */

/* w / (u . w v) and the next u, from one power iteration. */
static void normalise_by_spectrum(const double *w, const double *u, int rows, int columns, double *scaled,
                                  double *u_next)
{
    double v[6] = {0}, sigma = 0;
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < columns; j++)
            v[j] += w[i * columns + j] * u[i];
    double norm = sqrt(square_norm(v, columns));
    for (int j = 0; j < columns; j++)
        v[j] /= norm;
    affine(w, v, NULL, rows, columns, u_next);
    norm = sqrt(square_norm(u_next, rows));
    for (int i = 0; i < rows; i++)
        u_next[i] /= norm;
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < columns; j++)
            sigma += u_next[i] * w[i * columns + j] * v[j];
    for (int i = 0; i < rows * columns; i++)
        scaled[i] = w[i] / sigma;
}

static double critic(const Case *c, const double *w1, const double *w2, const double *x)
{
    double first[6], second[6], value = 0;
    affine(w1, x, input(c, "b1"), 6, 2, first);
    apply_tanh(first, 6);
    affine(w2, first, input(c, "b2"), 6, 6, second);
    for (int i = 0; i < 6; i++)
        value += input(c, "w3")[i] * tanh(second[i]);
    return value;
}

/* The gradient's norm by central differences of the critic: no derivative by hand. */
static double critic_slope(const Case *c, const double *w1, const double *w2, const double *x)
{
    double square = 0, h = 1e-3;
    for (int j = 0; j < 2; j++) {
        double value[4];
        for (int point = 0; point < 4; point++) {
            double moved[2] = {x[0], x[1]};
            moved[j] += (point < 2 ? point - 2 : point - 1) * h;
            value[point] = critic(c, w1, w2, moved);
        }
        double slope = (8 * (value[2] - value[1]) - (value[3] - value[0])) / (12 * h);
        square += slope * slope;
    }
    return sqrt(square);
}

static void test_gradient_penalty_critic(void **state)
{
    Case c = start_case(*state, "tests/ir/gradient_penalty.ir");
    const double *z = ir_test_draw(c.arena, "draw_normal real[3] purpose 3 block 0", BATCH);
    const double *share = ir_test_draw(c.arena, "draw_uniform real purpose 4 block 0", BATCH);
    double w1[12], w2[36], u1[6], u2[6], sum = 0;
    normalise_by_spectrum(input(&c, "w1"), input(&c, "u1"), 6, 2, w1, u1);
    normalise_by_spectrum(input(&c, "w2"), input(&c, "u2"), 6, 6, w2, u2);
    for (int s = 0; s < BATCH; s++) {
        const double *x = input(&c, "x") + 2 * s;
        double fake[2], between[2];
        affine(input(&c, "a"), z + 3 * s, input(&c, "c"), 2, 3, fake);
        for (int i = 0; i < 2; i++)
            between[i] = share[s] * x[i] + (1 - share[s]) * fake[i];
        double excess = critic_slope(&c, w1, w2, between) - 1;
        sum += critic(&c, w1, w2, fake) - critic(&c, w1, w2, x) + input(&c, "weight")[0] * excess * excess;
    }
    c.outputs = ir_test_run(c.arena, c.loss, BATCH, c.inputs);
    ir_test_expect(c.outputs[0].data, &(double){sum / BATCH}, 1, 1e-10, "loss");
    ir_test_expect(c.outputs[1].data, u1, 6, 1e-14, "u1");
    ir_test_expect(c.outputs[2].data, u2, 6, 1e-14, "u2");
}

/* ---- maximum mean discrepancy ----------------------------------------------------------------------------------- */

static double kernel(const double *x, const double *y)
{
    double distance = (x[0] - y[0]) * (x[0] - y[0]) + (x[1] - y[1]) * (x[1] - y[1]);
    return exp(-distance / 0.5) + exp(-distance / 2) + exp(-distance / 8);
}

static void test_maximum_mean_discrepancy(void **state)
{
    Case c = start_case(*state, "tests/ir/maximum_mean_discrepancy.ir");
    const double *z = ir_test_draw(c.arena, "draw_normal real[3] purpose 2 block 0", BATCH), *y = input(&c, "y");
    double x[BATCH][2], within = 0, across = 0;
    for (int s = 0; s < BATCH; s++) {
        double hidden[5];
        affine(input(&c, "w1"), z + 3 * s, input(&c, "b1"), 5, 3, hidden);
        apply_tanh(hidden, 5);
        affine(input(&c, "w2"), hidden, input(&c, "b2"), 2, 5, x[s]);
    }
    for (int i = 0; i < BATCH; i++)
        for (int j = 0; j < BATCH; j++) {
            if (i != j)
                within += kernel(x[i], x[j]) + kernel(y + 2 * i, y + 2 * j);
            across += kernel(x[i], y + 2 * j);
        }
    expect_loss(&c, within / (BATCH * (BATCH - 1)) - 2 * across / (BATCH * BATCH));
}

/* ---- continuous flow -------------------------------------------------------------------------------------------- */

/* dx/dt and d log q / dt; the divergence is the trace of w2 diag(1 - h^2) w1. */
static void flow_derivative(const Case *c, double t, const double *state, double *derivative)
{
    const double *w1 = input(c, "w1"), *w2 = input(c, "w2"), *a = input(c, "a");
    double hidden[5];
    affine(w1, state, input(c, "b1"), 5, 2, hidden);
    for (int k = 0; k < 5; k++)
        hidden[k] = tanh(hidden[k] + a[k] * t);
    affine(w2, hidden, input(c, "b2"), 2, 5, derivative);
    derivative[2] = 0;
    for (int i = 0; i < 2; i++)
        for (int k = 0; k < 5; k++)
            derivative[2] -= w2[i * 5 + k] * (1 - hidden[k] * hidden[k]) * w1[k * 2 + i];
}

/* The classical Runge-Kutta tableau on (x, log q), stage after stage. */
static void flow_step(const Case *c, double t, double h, double *state)
{
    static const double NODE[4] = {0, 0.5, 0.5, 1}, WEIGHT[4] = {1.0 / 6, 1.0 / 3, 1.0 / 3, 1.0 / 6};
    double start[3], slope[3] = {0};
    memcpy(start, state, sizeof start);
    for (int stage = 0; stage < 4; stage++) {
        double at[3];
        for (int i = 0; i < 3; i++)
            at[i] = start[i] + NODE[stage] * h * slope[i];
        flow_derivative(c, t + NODE[stage] * h, at, slope);
        for (int i = 0; i < 3; i++)
            state[i] += WEIGHT[stage] * h * slope[i];
    }
}

static void test_continuous_flow(void **state)
{
    Case c = start_case(*state, "tests/ir/continuous_flow.ir");
    input(&c, "kT")[0] = 0.7;
    const double *z = ir_test_draw(c.arena, "draw_normal real[2] purpose 2 block 0", BATCH);
    double sum = 0;
    for (int s = 0; s < BATCH; s++) {
        double at[3] = {z[2 * s], z[2 * s + 1], -square_norm(z + 2 * s, 2) / 2 - log(2 * acos(-1))};
        flow_step(&c, 0, 0.5, at);
        flow_step(&c, 0.5, 0.5, at);
        sum += at[2] + (pow(at[0], 4) - 4 * pow(at[0], 2) + 0.2 * at[0] + 0.5 * at[1] * at[1]) / 0.7;
    }
    expect_loss(&c, sum / BATCH);
}

/* ---- equivariant layer ------------------------------------------------------------------------------------------ */

static void apply_silu(double *x, int count)
{
    for (int i = 0; i < count; i++)
        x[i] /= 1 + exp(-x[i]);
}

/* Messages by particle pairs, moves and features added where they belong: no tables. */
static double layer_term(const Case *c, const double *x, const double *y)
{
    double moved[4][3], features[4][3], invariant = 0, miss = 0;
    const double *embedding = input(c, "embedding");
    for (int i = 0; i < 4; i++) {
        const double *h_i = embedding + 3 * (i / 2);
        double gathered[5] = {0};
        memcpy(moved[i], x + 3 * i, sizeof moved[i]);
        for (int j = 0; j < 4; j++) {
            double d[3], from[5], to[5], m[5], hidden[5], phi = 0;
            if (j == i)
                continue;
            for (int k = 0; k < 3; k++)
                d[k] = x[3 * i + k] - x[3 * j + k];
            affine(input(c, "wi"), h_i, input(c, "b1"), 5, 3, from);
            affine(input(c, "wj"), embedding + 3 * (j / 2), from, 5, 3, to);
            for (int k = 0; k < 5; k++)
                to[k] += input(c, "wd")[k] * square_norm(d, 3);
            apply_silu(to, 5);
            affine(input(c, "w2"), to, input(c, "b2"), 5, 5, m);
            apply_silu(m, 5);
            affine(input(c, "wx"), m, input(c, "bx"), 5, 5, hidden);
            apply_silu(hidden, 5);
            for (int k = 0; k < 5; k++) {
                phi += input(c, "v")[k] * hidden[k];
                gathered[k] += m[k];
            }
            for (int k = 0; k < 3; k++)
                moved[i][k] += d[k] * phi / 3;
        }
        affine(input(c, "wh"), h_i, input(c, "bh"), 3, 3, features[i]);
        affine(input(c, "wm"), gathered, features[i], 3, 5, features[i]);
        for (int k = 0; k < 3; k++) {
            invariant += input(c, "r")[k] * (features[i][k] + h_i[k]);
            miss += pow(moved[i][k] - y[3 * i + k], 2);
        }
    }
    return miss + invariant * invariant;
}

static void test_equivariant_layer(void **state)
{
    Case c = start_case(*state, "tests/ir/equivariant_layer.ir");
    double sum = 0;
    for (int s = 0; s < BATCH; s++)
        sum += layer_term(&c, input(&c, "x") + 12 * s, input(&c, "y") + 12 * s);
    expect_loss(&c, sum / BATCH);
}

/* Rotating x and y and exchanging particles of one species leaves the loss; exchanging two species' does not. */
static void test_equivariant_layer_has_its_symmetries(void **state)
{
    Case c = start_case(*state, "tests/ir/equivariant_layer.ir");
    double before = ir_test_run(c.arena, c.loss, BATCH, c.inputs)[0].data[0], cosine = cos(0.7), sine = sin(0.7);
    for (int i = 0; i < 4 * BATCH; i++)
        for (int k = 0; k < 2; k++) {
            double *point = input(&c, k == 0 ? "x" : "y") + 3 * i, old = point[0];
            point[0] = cosine * old - sine * point[1];
            point[1] = sine * old + cosine * point[1];
        }
    expect_loss(&c, before);
    for (int other = 1; other < 3; other++) {
        for (int i = 0; i < 2 * BATCH * 3; i++) {
            double *values = input(&c, i % 2 == 0 ? "x" : "y") + 12 * (i / 6) + (i / 2) % 3, first = values[0];
            values[0] = values[3 * other];
            values[3 * other] = first;
        }
        double after = ir_test_run(c.arena, c.loss, BATCH, c.inputs)[0].data[0];
        assert_true(other == 1 ? fabs(after - before) < 1e-12 : fabs(after - before) > 1e-6);
    }
}

/* ---- convolutional coupling ------------------------------------------------------------------------------------- */

/* A periodic 3 x 3 convolution on a 4 x 4 lattice, from its definition. */
static void convolve(const double *w, const double *b, const double *x, int from, int to, double *y)
{
    for (int o = 0; o < to; o++)
        for (int row = 0; row < 4; row++)
            for (int column = 0; column < 4; column++) {
                double sum = b[o];
                for (int c = 0; c < from; c++)
                    for (int i = -1; i <= 1; i++)
                        for (int j = -1; j <= 1; j++)
                            sum += w[(o * from + c) * 9 + (i + 1) * 3 + j + 1] *
                                   x[c * 16 + (row + i + 4) % 4 * 4 + (column + j + 4) % 4];
                y[o * 16 + row * 4 + column] = sum;
            }
}

/* Moves the sites of one parity; returns log|det J|. */
static double couple(const double *w1, const double *b1, const double *w2, const double *b2, int parity, double *x)
{
    double frozen[16], hidden[48], s_t[32], log_det = 0;
    for (int i = 0; i < 16; i++)
        frozen[i] = (i / 4 + i % 4) % 2 == parity ? 0 : x[i];
    convolve(w1, b1, frozen, 1, 3, hidden);
    apply_tanh(hidden, 48);
    convolve(w2, b2, hidden, 3, 2, s_t);
    for (int i = 0; i < 16; i++) {
        if ((i / 4 + i % 4) % 2 != parity)
            continue;
        x[i] = x[i] * exp(tanh(s_t[i])) + s_t[16 + i];
        log_det += tanh(s_t[i]);
    }
    return log_det;
}

static double action(const double *phi)
{
    double sum = 0;
    for (int i = 0; i < 16; i++) {
        double right = phi[i / 4 * 4 + (i + 1) % 4], down = phi[(i + 4) % 16];
        sum += pow(right - phi[i], 2) / 2 + pow(down - phi[i], 2) / 2 - pow(phi[i], 2) / 2 + 0.5 * pow(phi[i], 4);
    }
    return sum;
}

static void test_convolutional_coupling(void **state)
{
    Case c = start_case(*state, "tests/ir/convolutional_coupling.ir");
    const double *z = ir_test_draw(c.arena, "draw_normal real[16] purpose 2 block 0", BATCH);
    double sum = 0;
    for (int s = 0; s < BATCH; s++) {
        double x[16], log_q = -square_norm(z + 16 * s, 16) / 2 - 8 * log(2 * acos(-1));
        memcpy(x, z + 16 * s, sizeof x);
        log_q -= couple(input(&c, "w1"), input(&c, "b1"), input(&c, "w2"), input(&c, "b2"), 1, x);
        log_q -= couple(input(&c, "v1"), input(&c, "c1"), input(&c, "v2"), input(&c, "c2"), 0, x);
        sum += log_q + action(x);
    }
    expect_loss(&c, sum / BATCH);
}

/* ---- score function --------------------------------------------------------------------------------------------- */

static void test_score_function(void **state)
{
    Case c = start_case(*state, "tests/ir/score_function.ir");
    input(&c, "kT")[0] = 1.3;
    const double *uniform = ir_test_draw(c.arena, "draw_uniform real[4] purpose 2 block 0", BATCH);
    double sum = 0, log_q[BATCH] = {0}, spins[BATCH][4];
    for (int s = 0; s < BATCH; s++) {
        double energy = 0;
        for (int i = 0; i < 4; i++) {
            double logit = input(&c, "b")[i];
            for (int j = 0; j < i; j++)
                logit += input(&c, "w")[4 * i + j] * spins[s][j];
            double up = 1 / (1 + exp(-logit));
            spins[s][i] = uniform[4 * s + i] < up ? 1 : -1;
            log_q[s] += log(spins[s][i] > 0 ? up : 1 - up);
        }
        for (int i = 0; i < 4; i++)
            energy -= spins[s][i] * spins[s][(i + 1) % 4];
        sum += log_q[s] + energy / 1.3;
    }
    expect_loss(&c, sum / BATCH);
    ir_test_expect(c.outputs[1].data, log_q, BATCH, 1e-13, "log_q");
    ir_test_expect(c.outputs[2].data, spins[0], 4 * BATCH, 0, "spins");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gradient_penalty_critic),
        cmocka_unit_test(test_maximum_mean_discrepancy),
        cmocka_unit_test(test_continuous_flow),
        cmocka_unit_test(test_equivariant_layer),
        cmocka_unit_test(test_equivariant_layer_has_its_symmetries),
        cmocka_unit_test(test_convolutional_coupling),
        cmocka_unit_test(test_score_function),
    };
    return cmocka_run_group_tests(tests, ir_test_start, ir_test_end);
}
