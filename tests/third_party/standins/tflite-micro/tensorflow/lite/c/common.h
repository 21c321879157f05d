// STAND-IN for tflite-micro, see README.md: the types of its C interface.
#ifndef STANDIN_TENSORFLOW_LITE_C_COMMON_H
#define STANDIN_TENSORFLOW_LITE_C_COMMON_H

#include <stddef.h>
#include <stdint.h>

#ifndef TF_LITE_STATIC_MEMORY
#error "stand-in: a file is compiled without TF_LITE_STATIC_MEMORY"
#endif

typedef enum TfLiteStatus { kTfLiteOk = 0, kTfLiteError = 1 } TfLiteStatus;

// Numbers: as in tensorflow/lite/core/c/c_api_types.h.
typedef enum {
    kTfLiteNoType = 0,
    kTfLiteFloat32 = 1,
    kTfLiteInt32 = 2,
    kTfLiteUInt8 = 3,
    kTfLiteInt64 = 4,
    kTfLiteInt16 = 7,
    kTfLiteInt8 = 9,
} TfLiteType;

typedef struct TfLiteIntArray {
    int size;
    int data[8];
} TfLiteIntArray;

typedef struct TfLiteQuantizationParams {
    float scale;
    int32_t zero_point;
} TfLiteQuantizationParams;

typedef union TfLitePtrUnion {
    void *data;
    uint8_t *uint8;
} TfLitePtrUnion;

typedef struct TfLiteTensor {
    TfLiteQuantizationParams params;
    TfLitePtrUnion data;
    TfLiteIntArray *dims;
    size_t bytes;
    TfLiteType type;
} TfLiteTensor;

#endif
