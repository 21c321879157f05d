// STAND-IN for tflite-micro, see README.md.
#ifndef STANDIN_TENSORFLOW_LITE_MICRO_MICRO_LOG_H
#define STANDIN_TENSORFLOW_LITE_MICRO_MICRO_LOG_H

void MicroPrintf(const char *format, ...);

#endif
