"""engine=tflm: what tflite-micro needs of a model at build time.

`gate` refuses what tflite-micro would refuse on the device, `resolver` writes the operator
resolver, `interface` what an application sees of the model, `arena` how much memory it takes.
"""
