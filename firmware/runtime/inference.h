// What an application sees of a model, whichever engine runs it.
//
// The generated model.h declares one `struct inference_model` per model and defines
// INFERENCE_MODEL as the one the build was asked for, or the first of several, and INFERENCE_MODELS
// as the addresses of all:
//
//     static const struct inference_model *const models[] = {INFERENCE_MODELS};
#ifndef TINYML_RUNTIME_INFERENCE_H
#define TINYML_RUNTIME_INFERENCE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum inference_type {
    INFERENCE_FLOAT32,
    INFERENCE_INT8,
    INFERENCE_UINT8,
    INFERENCE_INT16,
    INFERENCE_INT32,
};

// An input or output tensor, complete once the model is initialised. `data` points into the
// model's arena: write inputs before `invoke`, read outputs after it; both may share memory with
// other tensors in between.
struct inference_tensor {
    const char *name;
    enum inference_type type;
    uint32_t rank;
    const int32_t *shape; // `rank` dimensions, the batch (1) first
    uint32_t bytes;
    float scale; // real value = scale * (q - zero_point); 0 where the tensor is not quantized
    int32_t zero_point;
    void *data;
};

struct inference_operator {
    const char *type; // TensorFlow Lite's name, e.g. "CONV_2D"
    const char *name; // the name of the tensor it makes, as in the graph
    uint32_t macs;    // nominal multiply-accumulates of one inference
};

struct inference_model {
    const char *name;
    const struct inference_tensor *inputs;
    const struct inference_tensor *outputs;
    const struct inference_operator *operators;
    uint32_t input_count;
    uint32_t output_count;
    uint32_t operator_count;
    uint32_t arena_bytes;
    uint32_t weight_bytes;
    uint32_t state_bytes;    // variables that outlive an inference, beside the arena
    int (*invoke)(void);     // 0 on success
    int (*initialise)(void); // NULL where there is nothing to do; see inference_initialise
    void (*reset)(void);     // NULL where there is nothing to do; see inference_reset
    void *arena;             // NULL where the engine keeps more in it than tensors
    // What each operator makes, as struct profile_copy takes it: the first, where it makes several.
    // `data` is NULL where that has no type of ours; `results` is, without PROFILE or with
    // engine=tflm.
    const struct inference_tensor *results;
};

// Makes `model` ready: call it once after board_init, before anything but the name and the counts
// is used. Returns 0, or an error that the engine has explained on the console.
static inline int inference_initialise(const struct inference_model *model) {
    return model->initialise ? model->initialise() : 0;
}

// Gives the variables of a streaming model their initial values again, as before a new stream.
static inline void inference_reset(const struct inference_model *model) {
    if (model->reset) {
        model->reset();
    }
}

#ifdef __cplusplus
}
#endif

#endif
