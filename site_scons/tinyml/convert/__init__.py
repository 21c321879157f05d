"""Keras to TensorFlow Lite: `.h5`, `.keras` or a SavedModel folder to `.tflite`.

In the order in which a model passes through them:

* `stored`: what the file says it is, read without TensorFlow.
* `repair`: Keras 2's description of a model, as Keras 3 expects it.
* `load`: the model as Keras or TensorFlow runs it.
* `quantize`: its five forms as `.tflite`.
* `interpreter`, `gate`, `accuracy`: what the result computes, whether it may be written, and
  how much accuracy it cost.

TensorFlow is imported here and nowhere else in `tinyml`, and only inside functions, through
`tools`. A model file is data, not code: Keras' safe mode stays on and Python byte-code in a
file is refused. The graph inside a SavedModel is run as it is.
"""
