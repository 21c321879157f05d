// Models made by hand, for what the demonstration's is not: several inputs and outputs, all types,
// memory that is used twice, variables, failures, long names, many operators.
#include "models.h"

#include <string.h>

#include "profile.h"

#define TENSOR(name, type, rank, shape, bytes, scale, zero, data)                                  \
    {name, INFERENCE_##type, rank, shape, bytes, scale, zero, data}

// mixed: outputs are copies of the inputs in another order, and their sum.
static struct {
    int8_t a[4];
    uint8_t b[3];
    int16_t c[2];
    int32_t d[2];
    float e[6];
    float sum;
    float partial;
} mixed;
static const int32_t shape_4[] = {1, 4}, shape_3[] = {1, 3}, shape_2[] = {1, 2};
static const int32_t shape_6[] = {1, 2, 3}, shape_1[] = {1};
static const struct inference_tensor mixed_inputs[] = {
    TENSOR("a", INT8, 2, shape_4, 4, 0.5f, -3, mixed.a),
    TENSOR("b", UINT8, 2, shape_3, 3, 0.0078125f, 128, mixed.b),
    TENSOR("c", INT16, 2, shape_2, 4, 0.001f, 0, mixed.c),
    TENSOR("d", INT32, 2, shape_2, 8, 0.0f, 0, mixed.d),
    TENSOR("e", FLOAT32, 3, shape_6, 24, 0.0f, 0, mixed.e),
};
static const struct inference_tensor mixed_outputs[] = {
    TENSOR("e", FLOAT32, 3, shape_6, 24, 0.0f, 0, mixed.e),
    TENSOR("sum", FLOAT32, 1, shape_1, 4, 0.0f, 0, &mixed.sum),
    TENSOR("b", UINT8, 2, shape_3, 3, 0.0078125f, 128, mixed.b),
};
static const struct inference_operator mixed_operators[] = {{"SUM", "partial", 6},
                                                            {"ADD", "sum", 2}};
static const struct inference_tensor mixed_results[] = {
    TENSOR("partial", FLOAT32, 1, shape_1, 4, 0.0f, 0, &mixed.partial),
    TENSOR("none", INT8, 1, shape_1, 0, 0.0f, 0, NULL),
};

static int run_mixed(void) {
    profile_begin();
    mixed.partial = 0.0f;
    for (int i = 0; i < 6; ++i) {
        mixed.partial += mixed.e[i];
    }
    profile_operator(0);
    mixed.sum = mixed.partial + (float)mixed.a[0] + (float)mixed.b[0] + (float)mixed.c[0] +
                (float)mixed.d[0];
    mixed.partial = -1.0f; // its memory is used again
    profile_operator(1);
    return 0;
}

// wide: inverts its bytes in place, then adds 1; too long for a frame.
static uint8_t wide[WIDE_BYTES];
static const int32_t wide_shape[] = {1, WIDE_BYTES};
static const struct inference_tensor wide_tensor =
    TENSOR("pixels", UINT8, 2, wide_shape, WIDE_BYTES, 0.00390625f, 0, wide);
static const struct inference_operator wide_operators[] = {{"NOT", "inverted", 0},
                                                           {"ADD", "more", 1}};
static const struct inference_tensor wide_results[] = {
    TENSOR("inverted", UINT8, 2, wide_shape, WIDE_BYTES, 0.00390625f, 0, wide),
    TENSOR("more", UINT8, 2, wide_shape, WIDE_BYTES, 0.00390625f, 0, wide),
};

static int run_wide(void) {
    profile_begin();
    for (int i = 0; i < WIDE_BYTES; ++i) {
        wide[i] = (uint8_t)~wide[i];
    }
    profile_operator(0);
    for (int i = 0; i < WIDE_BYTES; ++i) {
        wide[i] = (uint8_t)(wide[i] + 1);
    }
    profile_operator(1);
    return 0;
}

// stream: adds up what it is given.
static int32_t step, total;
static const struct inference_tensor step_tensor =
    TENSOR("step", INT32, 1, shape_1, 4, 0.0f, 0, &step);
static const struct inference_tensor total_tensor =
    TENSOR("total", INT32, 1, shape_1, 4, 0.0f, 0, &total);
static struct inference_operator stream_operators[STREAM_OPERATORS];
static struct inference_tensor stream_results[STREAM_OPERATORS];

static int run_stream(void) {
    profile_begin();
    total += step;
    for (uint32_t i = 0; i < STREAM_OPERATORS; ++i) {
        profile_operator(i);
    }
    return 0;
}

static void reset_stream(void) {
    total = 0;
}

// broken: fails where its input is not 0.
static int8_t flag;
static const struct inference_tensor flag_tensor =
    TENSOR("flag", INT8, 1, shape_1, 1, 1.0f, 0, &flag);

static int run_broken(void) {
    return flag ? -5 : 0;
}

// talkative: a name that no frame holds.
static char name[5001];
static const struct inference_tensor talkative_tensor =
    TENSOR(name, INT8, 1, shape_1, 1, 1.0f, 0, &flag);
static const struct inference_operator talkative_operator = {"NONE", name, 0};

static const struct inference_model list[] = {
    {"mixed", mixed_inputs, mixed_outputs, mixed_operators, 5, 3, 2, sizeof mixed, 0, 0, run_mixed,
     NULL, NULL, &mixed, mixed_results},
    {"wide", &wide_tensor, &wide_tensor, wide_operators, 1, 1, 2, WIDE_BYTES, 0, 0, run_wide, NULL,
     NULL, wide, wide_results},
    {"stream", &step_tensor, &total_tensor, stream_operators, 1, 1, STREAM_OPERATORS, 4, 0, 4,
     run_stream, NULL, reset_stream, &step, stream_results},
    {"broken", &flag_tensor, &flag_tensor, mixed_operators, 1, 1, 0, 1, 0, 0, run_broken, NULL,
     NULL, &flag, NULL},
    {"talkative", &talkative_tensor, &talkative_tensor, &talkative_operator, 1, 1, 1, 1, 0, 0,
     run_broken, NULL, NULL, &flag, NULL},
};

const struct inference_model *const test_models[] = {&list[0], &list[1], &list[2], &list[3],
                                                     &list[4]};
const uint32_t test_model_count = sizeof test_models / sizeof test_models[0];

void test_models_start(void) {
    memset(name, 'n', sizeof name - 1);
    for (uint32_t i = 0; i < STREAM_OPERATORS; ++i) {
        stream_operators[i] =
            (struct inference_operator){"ASSIGN_VARIABLE", "a name of some length", i};
        stream_results[i] = total_tensor;
    }
}
