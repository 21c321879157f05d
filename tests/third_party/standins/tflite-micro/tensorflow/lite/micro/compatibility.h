// STAND-IN for tflite-micro, see README.md.
#ifndef STANDIN_TENSORFLOW_LITE_MICRO_COMPATIBILITY_H
#define STANDIN_TENSORFLOW_LITE_MICRO_COMPATIBILITY_H

#define TF_LITE_REMOVE_VIRTUAL_DELETE                                                              \
    void operator delete(void *) {                                                                 \
    }

#endif
