// STAND-IN for tflite-micro, see README.md: the operators that the tests' models need.
#ifndef STANDIN_TENSORFLOW_LITE_MICRO_MICRO_MUTABLE_OP_RESOLVER_H
#define STANDIN_TENSORFLOW_LITE_MICRO_MICRO_MUTABLE_OP_RESOLVER_H

#include "tensorflow/lite/micro/compatibility.h"
#include "tensorflow/lite/micro/micro_op_resolver.h"

namespace tflite {

template <unsigned int tOpCount> class MicroMutableOpResolver : public MicroOpResolver {
  public:
    TF_LITE_REMOVE_VIRTUAL_DELETE

    const TFLMRegistration *FindOp(BuiltinOperator op) const override {
        for (unsigned int i = 0; i < count_; ++i) {
            if (registrations_[i].builtin_code == op) {
                return &registrations_[i];
            }
        }
        return nullptr;
    }

    TfLiteStatus AddAdd() {
        return Add(BuiltinOperator_ADD, "ADD");
    }
    TfLiteStatus AddAveragePool2D() {
        return Add(BuiltinOperator_AVERAGE_POOL_2D, "AVERAGE_POOL_2D");
    }
    TfLiteStatus AddConv2D() {
        return Add(BuiltinOperator_CONV_2D, "CONV_2D");
    }
    TfLiteStatus AddDepthwiseConv2D() {
        return Add(BuiltinOperator_DEPTHWISE_CONV_2D, "DEPTHWISE_CONV_2D");
    }
    TfLiteStatus AddFullyConnected() {
        return Add(BuiltinOperator_FULLY_CONNECTED, "FULLY_CONNECTED");
    }
    TfLiteStatus AddMaxPool2D() {
        return Add(BuiltinOperator_MAX_POOL_2D, "MAX_POOL_2D");
    }
    TfLiteStatus AddReshape() {
        return Add(BuiltinOperator_RESHAPE, "RESHAPE");
    }
    TfLiteStatus AddSoftmax() {
        return Add(BuiltinOperator_SOFTMAX, "SOFTMAX");
    }

    unsigned int GetRegistrationLength() {
        return count_;
    }

  private:
    TfLiteStatus Add(BuiltinOperator op, const char *name) {
        if (count_ == tOpCount || FindOp(op) != nullptr) {
            return kTfLiteError;
        }
        registrations_[count_++] = {op, name};
        return kTfLiteOk;
    }

    TFLMRegistration registrations_[tOpCount];
    unsigned int count_ = 0;
};

} // namespace tflite

#endif
