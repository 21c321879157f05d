// STAND-IN for tflite-micro, see README.md: as much of a .tflite file as the stand-in reads,
// straight from the bytes (https://flatbuffers.dev/internals/; fields by their place in
// schema.fbs).
#ifndef STANDIN_TENSORFLOW_LITE_SCHEMA_SCHEMA_GENERATED_H
#define STANDIN_TENSORFLOW_LITE_SCHEMA_SCHEMA_GENERATED_H

#include <cstdint>
#include <cstring>

namespace tflite {

enum BuiltinOperator : int32_t {
    BuiltinOperator_ADD = 0,
    BuiltinOperator_AVERAGE_POOL_2D = 1,
    BuiltinOperator_CONV_2D = 3,
    BuiltinOperator_DEPTHWISE_CONV_2D = 4,
    BuiltinOperator_FULLY_CONNECTED = 9,
    BuiltinOperator_MAX_POOL_2D = 17,
    BuiltinOperator_RESHAPE = 22,
    BuiltinOperator_SOFTMAX = 25,
};

namespace standin {

template <typename T> T Load(const uint8_t *from) {
    T value;
    memcpy(&value, from, sizeof value);
    return value;
}

inline const uint8_t *Follow(const uint8_t *from) {
    return from + Load<uint32_t>(from);
}

// A vector of tables or scalars; empty where the field is absent.
struct Vector {
    const uint8_t *start;
    uint32_t size() const {
        return start ? Load<uint32_t>(start) : 0;
    }
    const uint8_t *item(uint32_t index, uint32_t bytes) const {
        return start + 4 + index * bytes;
    }
};

struct Table {
    const uint8_t *start;

    const uint8_t *Field(uint32_t slot) const {
        const uint8_t *const vtable = start - Load<int32_t>(start);
        const uint32_t entry = 4 + 2 * slot;
        const bool present = entry < Load<uint16_t>(vtable) && Load<uint16_t>(vtable + entry);
        return present ? start + Load<uint16_t>(vtable + entry) : nullptr;
    }
    template <typename T> T Scalar(uint32_t slot, T otherwise) const {
        return Field(slot) ? Load<T>(Field(slot)) : otherwise;
    }
    Vector Items(uint32_t slot) const {
        return {Field(slot) ? Follow(Field(slot)) : nullptr};
    }
    Table At(uint32_t slot, uint32_t index) const {
        return {Follow(Items(slot).item(index, 4))};
    }
};

} // namespace standin

struct Model {
    uint8_t first;
    standin::Table table() const {
        return {standin::Follow(&first)};
    }
    uint32_t version() const {
        return table().Scalar<uint32_t>(0, 0);
    }
};

inline const Model *GetModel(const void *buffer) {
    return static_cast<const Model *>(buffer);
}

} // namespace tflite

#endif
