"""Checks of hyperparameters and shapes that several layer kinds share."""

from __future__ import annotations

from remap_core.errors import InvalidArchitecture
from remap_core.space.layers.layer import Layer, Shape

COUNT_PATTERN = r"\d{1,9}"
"""Regular expression of a count in a text form."""


def require_counts(layer: Layer, *names: str) -> None:
    """Raise InvalidArchitecture unless these hyperparameters are whole numbers of at least 1."""
    for name in names:
        value = getattr(layer, name)
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise InvalidArchitecture(f"{name} must be a whole number of at least 1, but got {short_repr(value)}.")


def require_switch(layer: Layer, name: str) -> None:
    """Raise InvalidArchitecture unless this hyperparameter is True or False."""
    value = getattr(layer, name)
    if not isinstance(value, bool):
        raise InvalidArchitecture(f"{name} must be true or false, but got {short_repr(value)}.")


def require_image(shape: Shape, window: int = 1, margin: int = 0) -> tuple[int, int, int]:
    """The shape as that of an image; raises InvalidArchitecture for a vector, and where the window does not fit.

    margin: pixels that are added on each side.
    """
    if len(shape) != 3:
        raise InvalidArchitecture(
            f"it needs an image, but its input is a vector of {shape[0]} (after a Dense or GlobalAvgPool)."
        )
    channels, height, width = shape
    if window > min(height, width) + 2 * margin:
        raise InvalidArchitecture(
            f"its {window} x {window} window must fit into its input, but that is {height} x {width}."
        )
    return channels, height, width


def windows(pixels: int, size: int, stride: int, margin: int = 0) -> int:
    """How many windows of a size fit along an edge.

    >>> windows(28, size=3, stride=2)
    13
    """
    return (pixels + 2 * margin - size) // stride + 1


def short_repr(value: object) -> str:
    """The value in at most 60 characters."""
    text = repr(value)
    if len(text) <= 60:
        return text
    return text[:57] + "..."
