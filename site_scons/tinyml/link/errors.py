"""What can go wrong between the host and the firmware, each a `UserError` of its own type."""

from __future__ import annotations

from tinyml.errors import UserError


class LinkError(UserError):
    """Something went wrong on the link; its subclasses say what."""


class PortError(LinkError):
    """The port cannot be opened, or the description of it has a mistake."""


class Disconnected(LinkError):
    """The other end has gone, or the client was closed."""


class NoAnswer(LinkError):
    """No answer came, however often the request was sent."""


class BadAnswer(LinkError):
    """The firmware answered with something that is no answer to the request."""


class InputError(LinkError):
    """The inputs are not what the model takes. Nothing was sent."""


class DeviceError(LinkError):
    """The firmware refused a request; ``text`` are its own words.

    Each code of the protocol has a subclass of its name.
    """

    expected = "a request that the firmware can carry out"
    hint = "python -m tinyml.link info says what the firmware has"

    def __init__(self, text: str, request: str) -> None:
        """Keep the firmware's ``text`` about ``request``."""
        said = text or "no reason given"
        super().__init__(f"the firmware refused {request}: {said}", self.expected, self.hint)
        self.text = text
        self.request = request

    def __reduce__(self) -> tuple[type[DeviceError], tuple[str, str]]:  # type: ignore[override]
        """Pickle the two parts that the others are made of."""
        return type(self), (self.text, self.request)


class Failed(DeviceError):
    """A reason that has no code, or one that this client is too old to know."""


class Malformed(DeviceError):
    """The firmware's Verifier refused the message."""

    expected = "a client and a firmware made from the same schema, or from one and a later one"
    hint = "build and flash the firmware of this checkout"


class UnknownVersion(DeviceError):
    """The firmware speaks another version of the frames."""

    expected = "a firmware that speaks this client's version of the protocol"
    hint = "build and flash the firmware of this checkout"


class UnknownRequest(DeviceError):
    """The firmware does not know the request: it is older than the client."""

    expected = "a firmware that knows the request"
    hint = "build and flash the firmware of this checkout"


class NoSuchModel(DeviceError):
    """The firmware has no model of that number."""


class NoSuchTensor(DeviceError):
    """The model has no such input, output or operator."""


class OutOfRange(DeviceError):
    """Elements or bytes outside the tensor."""


class TooLarge(DeviceError):
    """The answer would not fit in a frame."""


class NotAvailable(DeviceError):
    """It takes profile=1, or an inference before it."""

    expected = "a firmware built with profile=1, and an inference before"
    hint = "scons profile=1; then Client.infer before Client.tensor"


class InferenceFailed(DeviceError):
    """The model's invoke failed."""


class Overrun(DeviceError):
    """The firmware lost bytes of every attempt."""

    expected = "a line on which the firmware keeps up"
    hint = "a lower baud rate, or let only one program use the port"


#: By the names that the schema gives the codes.
BY_NAME: dict[str, type[DeviceError]] = {
    kind.__name__: kind
    for kind in (
        Failed,
        Malformed,
        UnknownVersion,
        UnknownRequest,
        NoSuchModel,
        NoSuchTensor,
        OutOfRange,
        TooLarge,
        NotAvailable,
        InferenceFailed,
        Overrun,
    )
}
