"""Checks of what a caller passes: each refuses with one sentence that names the rule and the value."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from difflib import get_close_matches

from remap_core.datasets.preparation.corrections import Corrections
from remap_core.errors import InvalidArgument, InvalidView
from remap_core.views.targets import TARGETS, Target, find_target

MAX_SHOWN = 60
"""Characters of a value that an error shows."""


def require_text(name: str, value: object) -> str:
    """The value, if it is a text that is not empty.

    >>> require_text("space", 3)
    Traceback (most recent call last):
    remap_core.errors.InvalidArgument: space must be a text that is not empty, but got 3.
    """
    if not isinstance(value, str) or not value.strip():
        raise InvalidArgument(f"{name} must be a text that is not empty, but got {shown(value)}.")
    return value


def require_count(name: str, value: object, low: int, high: int) -> int:
    """The value, if it is a whole number from `low` to `high`.

    >>> require_count("n", 0, 1, 100)
    Traceback (most recent call last):
    remap_core.errors.InvalidArgument: n must be a whole number from 1 to 100, but got 0.
    """
    if isinstance(value, int) and not isinstance(value, bool) and low <= value <= high:
        return value
    rule = f"{name} must be a whole number from {low} to {high}"
    raise InvalidArgument(f"{rule}, but got {shown(value)}.")


def require_choice(name: str, value: object, choices: Collection[str]) -> str:
    """The value, if it is one of the choices; suggests the nearest one.

    >>> require_choice("space", "remap-2018", ["remap-2019", "modern"])
    Traceback (most recent call last):
    remap_core.errors.InvalidArgument: space must be one of remap-2019, modern, but got 'remap-2018': did you mean \
remap-2019?
    """
    if isinstance(value, str) and value in choices:
        return value
    rule = f"{name} must be one of {', '.join(choices)}, but got {shown(value)}"
    nearest = suggestion(value, choices)
    if nearest:
        raise InvalidArgument(f"{rule}: did you mean {nearest}?")
    raise InvalidArgument(f"{rule}.")


def read_target(value: object) -> Target | None:
    """None for None, else see `require_target`."""
    return None if value is None else require_target(value)


def require_target(value: object) -> Target:
    """The target of that name, or of RAM and flash in KB, as in "128/512"."""
    try:
        return find_target(require_text("target", value))
    except InvalidView as error:
        nearest = suggestion(str(value), TARGETS)
        raise InvalidArgument(f"{error} Did you mean {nearest}?" if nearest else str(error)) from None


def require_flag(name: str, value: object) -> bool:
    """The value, if it is True or False."""
    if not isinstance(value, bool):
        raise InvalidArgument(f"{name} must be True or False, but got {shown(value)}.")
    return value


def checked_corrections(labels: object, left_out: object) -> Corrections:
    """What a caller says of single images; raises InvalidArgument for what cannot name an image or a class."""
    if labels is None:
        labels = {}
    if not isinstance(labels, Mapping):
        raise InvalidArgument(f"labels must be classes by image, such as {{12: 'cat'}}, but got {shown(labels)}.")
    if isinstance(left_out, str) or not isinstance(left_out, Iterable):
        raise InvalidArgument(f"leave_out must be a list of images, but got {shown(left_out)}.")
    images = tuple(left_out)
    for image in (*labels, *images):
        if not isinstance(image, int | str) or isinstance(image, bool):
            raise InvalidArgument(f"An image must be a number or a name, but got {shown(image)}.")
    for name in labels.values():
        require_text("The class of an image", name)
    return Corrections(dict(labels), images)


def suggestion(value: object, choices: Iterable[str]) -> str:
    """The choice that looks most like the value; empty where none does."""
    if not isinstance(value, str):
        return ""
    matches = get_close_matches(value, list(choices), n=1)
    return "".join(matches)


def shown(value: object) -> str:
    """A value as an error shows it: on one line, and not longer than MAX_SHOWN."""
    try:
        text = " ".join(repr(value).split())
    except Exception:  # a repr of somebody else's may raise anything
        text = f"a {type(value).__name__}"
    if len(text) > MAX_SHOWN:
        return f"{text[: MAX_SHOWN - 1]}…"
    return text
