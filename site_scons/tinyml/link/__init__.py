"""The host's side of the serial protocol: ``Client``, and what it gives and raises."""

from tinyml.link.answers import (
    Inference,
    Line,
    Model,
    Operator,
    Pong,
    Statistics,
    Tensor,
    TensorSource,
)
from tinyml.link.client import Client
from tinyml.link.errors import (
    BadAnswer,
    DeviceError,
    Disconnected,
    InputError,
    LinkError,
    NoAnswer,
    PortError,
)
from tinyml.link.transport import Transport

__all__ = [
    "BadAnswer",
    "Client",
    "DeviceError",
    "Disconnected",
    "Inference",
    "InputError",
    "Line",
    "LinkError",
    "Model",
    "NoAnswer",
    "Operator",
    "Pong",
    "PortError",
    "Statistics",
    "Tensor",
    "TensorSource",
    "Transport",
]
