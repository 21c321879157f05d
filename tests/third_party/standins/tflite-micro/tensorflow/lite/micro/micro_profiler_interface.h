// STAND-IN for tflite-micro, see README.md.
#ifndef STANDIN_TENSORFLOW_LITE_MICRO_MICRO_PROFILER_INTERFACE_H
#define STANDIN_TENSORFLOW_LITE_MICRO_MICRO_PROFILER_INTERFACE_H

#include <cstdint>

namespace tflite {

class MicroProfilerInterface {
  public:
    virtual ~MicroProfilerInterface() {
    }
    virtual uint32_t BeginEvent(const char *tag) = 0;
    virtual void EndEvent(uint32_t event_handle) = 0;
};

} // namespace tflite

#endif
