"""Ahead of time: a .tflite model to C, in three phases called parse, prepare and print."""
