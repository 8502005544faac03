"""Caps: the most that an architecture may cost, by what it costs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from math import inf, isfinite, prod

from remap_core.errors import InvalidSpace
from remap_core.formatting import count, duration, kilobytes, pluralize
from remap_core.space.architecture import Architecture
from remap_core.space.footprint import footprint

KILOBYTE = 1024
MAX_SOURCE = 100
_MIN_MEMORY = 1024 * KILOBYTE
_MEMORY_PER_VALUE = 128


class Cost(StrEnum):
    """What an architecture costs. The cheapest to compute come first."""

    PARAMETERS = "parameters"
    MULTIPLY_ADDS = "multiply-adds"
    MEMORY = "activation memory"
    FLASH_INT8 = "flash in int8"
    FLASH_FLOAT = "flash in float32"
    SECONDS = "training time"


SecondsOf = Callable[[Architecture], float]
"""Expected seconds of a whole training."""


@dataclass(frozen=True)
class Cap:
    """A limit on one cost, and where it comes from, for sentences.

    limit: weights and biases; multiply-adds of one example; bytes of the activations of one example in int8 (see
    `Architecture.peak_values`) and of the model file (see `footprint`); seconds of a whole training. Raises
    InvalidSpace unless it is greater than 0, and for a source of more than MAX_SOURCE characters.
    """

    cost: Cost
    limit: float
    source: str = ""

    def __post_init__(self) -> None:
        if not (isfinite(self.limit) and self.limit > 0):
            raise InvalidSpace(f"A cap on {self.cost} must be greater than 0, but got {self.limit}.")
        if len(self.source) > MAX_SOURCE:
            raise InvalidSpace(f"The source of a cap must have at most {MAX_SOURCE} characters.")

    @property
    def text(self) -> str:
        """The limit in words.

        >>> Cap(Cost.MEMORY, 65_536).text, Cap(Cost.SECONDS, 90).text
        ('64 KB of activations', '1 min 30 s of training')
        """
        return amount_text(self.cost, self.limit)


Caps = tuple[Cap, ...]


def amount_text(cost: Cost, amount: float) -> str:
    """An amount of a cost in words."""
    match cost:
        case Cost.MEMORY:
            return f"{bare_text(cost, amount)} of activations"
        case Cost.FLASH_INT8 | Cost.FLASH_FLOAT:
            return f"{bare_text(cost, amount)} of {cost}"
        case Cost.SECONDS:
            return f"{bare_text(cost, amount)} of training"
    return pluralize(round(amount), cost.removesuffix("s"))


def bare_text(cost: Cost, amount: float) -> str:
    """An amount of a cost in words that leave out what it is of.

    >>> bare_text(Cost.PARAMETERS, 1000), bare_text(Cost.SECONDS, 90)
    ('1,000', '1 min 30 s')
    """
    match cost:
        case Cost.MEMORY | Cost.FLASH_INT8 | Cost.FLASH_FLOAT:
            return kilobytes(amount)
        case Cost.SECONDS:
            return duration(amount)
    return count(round(amount))


def tightest(caps: Iterable[Cap]) -> Caps:
    """The lowest cap on each cost, in the order of costs; of equal ones the first."""
    lowest: dict[Cost, Cap] = {}
    for cap in caps:
        known = lowest.get(cap.cost)
        if known is None or cap.limit < known.limit:
            lowest[cap.cost] = cap
    return tuple(lowest[cost] for cost in Cost if cost in lowest)


def caps_text(caps: Iterable[Cap]) -> str:
    """The caps in words; "no caps" without any.

    >>> caps_text((Cap(Cost.PARAMETERS, 1000), Cap(Cost.MULTIPLY_ADDS, 20_000)))
    'at most 1,000 parameters and 20,000 multiply-adds'
    """
    texts = [cap.text for cap in caps]
    if not texts:
        return "no caps"
    *first, last = texts
    if first:
        last = f"{', '.join(first)} and {last}"
    return f"at most {last}"


def amount(cost: Cost, architecture: Architecture, seconds_of: SecondsOf | None = None) -> float:
    """How much of a cost an architecture has; 0 seconds where nobody knows how long a training takes."""
    match cost:
        case Cost.PARAMETERS:
            return architecture.parameters
        case Cost.MULTIPLY_ADDS:
            return architecture.multiply_adds
        case Cost.MEMORY:
            return architecture.peak_values
        case Cost.FLASH_INT8 | Cost.FLASH_FLOAT:
            return footprint(architecture, int8=cost is Cost.FLASH_INT8).flash_bytes
    if seconds_of is None:
        return 0.0
    seconds = seconds_of(architecture)
    return seconds if isfinite(seconds) else inf


@lru_cache(maxsize=64)
def memory_cap(input_shape: tuple[int, int, int]) -> Cap:
    """The most activation memory of any model for images of this size: 128 times the image, and at least 1 MB.

    A batch of 256 then takes a gigabyte for each layer in training. Parameters alone do not bound that: "Conv 40000x1"
    has few.

    >>> memory_cap((1, 8, 8)).text, memory_cap((3, 96, 96)).text
    ('1,024 KB of activations', '3,456 KB of activations')
    """
    limit = max(_MIN_MEMORY, _MEMORY_PER_VALUE * prod(input_shape))
    return Cap(Cost.MEMORY, limit, "the most for images of this size")


def all_exceeded(caps: Iterable[Cap], architecture: Architecture, seconds_of: SecondsOf | None = None) -> list[Cap]:
    """The caps that an architecture does not keep to, and the `memory_cap` that every one has."""
    every = (*caps, memory_cap(architecture.input_shape))
    return [cap for cap in every if amount(cap.cost, architecture, seconds_of) > cap.limit]


def exceeded(caps: Iterable[Cap], architecture: Architecture, seconds_of: SecondsOf | None = None) -> Cap | None:
    """The first cap that an architecture does not keep to; None where it keeps to all."""
    return next(iter(all_exceeded(caps, architecture, seconds_of)), None)


def over_sentence(cap: Cap, architecture: Architecture, seconds_of: SecondsOf | None = None) -> str:
    """Why an architecture does not keep to a cap."""
    cost = amount_text(cap.cost, amount(cap.cost, architecture, seconds_of))
    return f"Over the cap: {cost}, at most {bare_text(cap.cost, cap.limit)} allowed ({cap.source})."
