/* SPDX-License-Identifier: MIT */
/* How an IR function's ops are put into loops: what the plan promises about speed; bits are the other tests' affair. */
#include "compiler/emit/plan.h"
#include "tests/ir_helpers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const Plan *plan_of(Arena *arena, const char *rest)
{
    IrFunction *function = ir_test_function(arena, 0, rest);
    PhaseTable *phases = phase_table_new(arena, function->module);
    const IrFunction *culprit = NULL;
    assert_null(phases_normalise(phases, function->module, &culprit));
    return planner_plan(planner_new(arena, function->module, phases), function);
}

static int group_of(const Plan *plan, int op)
{
    return plan->group_of[plan->function->ops[op].results[0]];
}

/* The derivative of tanh behind a product that comes after it in the text: no loop of its own. */
static void test_a_cheap_op_waits_for_the_contraction(void **state)
{
    const Plan *plan = plan_of(*state, "(%w: parameter real[8, 4], %y: sample real[4], %h: sample real[8])\n"
                                       "    -> (x: sample real[8]) {\n"
                                       "    %one = constant real[8] all 1\n"
                                       "    %minus = neg %h\n"
                                       "    %slope = fma %minus, %h, %one\n"
                                       "    %d = contract %w, %y \"ij,j->i\"\n"
                                       "    %x = mul %d, %slope\n"
                                       "    return %x\n"
                                       "}\n");
    assert_int_equal(plan->group_count, 1);
    assert_int_equal(plan->groups[0].kind, GROUP_DENSE);
    assert_int_equal(plan->groups[0].op_count, 4);
}

/* One that two ops read does not wait: it would be computed twice, or its readers' loops would have to be one. */
static void test_an_op_with_two_readers_does_not_wait(void **state)
{
    const Plan *plan = plan_of(*state, "(%w: parameter real[8, 4], %y: sample real[4], %h: sample real[8])\n"
                                       "    -> (x: sample real[8], z: sample real[8]) {\n"
                                       "    %twice = add %h, %h\n"
                                       "    %d = contract %w, %y \"ij,j->i\"\n"
                                       "    %x = mul %d, %twice\n"
                                       "    %z = mul %twice, %h\n"
                                       "    return %x, %z\n"
                                       "}\n");
    assert_int_equal(plan->groups[group_of(plan, 0)].kind, GROUP_LOOP);
    assert_int_equal(group_of(plan, 1), group_of(plan, 2));
    assert_int_not_equal(group_of(plan, 0), group_of(plan, 1));
}

/* What waits for an op that cannot stand behind the contraction begins that op's loop. */
static void test_what_waits_begins_its_readers_loop(void **state)
{
    const Plan *plan = plan_of(*state, "(%w: parameter real[8, 4], %y: sample real[4], %h: sample real[8])\n"
                                       "    -> (x: sample real[8], z: sample real[8]) {\n"
                                       "    %minus = neg %h\n"
                                       "    %z = exp %minus\n"
                                       "    %x = contract %w, %y \"ij,j->i\"\n"
                                       "    return %x, %z\n"
                                       "}\n");
    assert_int_equal(group_of(plan, 0), group_of(plan, 1));
    assert_int_equal(plan->groups[group_of(plan, 0)].kind, GROUP_LOOP);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_a_cheap_op_waits_for_the_contraction),
                                       cmocka_unit_test(test_an_op_with_two_readers_does_not_wait),
                                       cmocka_unit_test(test_what_waits_begins_its_readers_loop)};
    return cmocka_run_group_tests(tests, ir_test_start, ir_test_end);
}
