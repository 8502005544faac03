"""Plates: groups of layers that come several times in a row, as a bracket with a count shows them."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class RepeatedBlock:
    """A group of `length` layers that begins at the layer `first` (0-based) and comes `times` times in a row."""

    first: int
    length: int
    times: int

    @property
    def stop(self) -> int:
        """Index after the last layer of the last group."""
        return self.first + self.length * self.times

    @property
    def saved(self) -> int:
        """Layers that need not be said again."""
        return self.length * (self.times - 1)


def repeated_blocks(layers: Sequence[Hashable]) -> tuple[RepeatedBlock, ...]:
    """The repeated groups of a chain in order, disjoint, chosen so that most layers need not be said again.

    Hence a group never repeats something shorter, and never goes on beside its plate. Of equally good choices it is
    the one with the fewest repeated_blocks, then the one that begins first.

    >>> repeated_blocks("ABABCC")
    (RepeatedBlock(first=0, length=2, times=2), RepeatedBlock(first=4, length=1, times=2))
    """
    best: list[tuple[RepeatedBlock, ...]] = [()]  # of the last 0, 1, ... layers
    for first, alike in zip(reversed(range(len(layers))), _alike(layers), strict=True):
        begun = ((plate, *best[len(layers) - plate.stop]) for plate in _beginning(first, alike))
        best.append(max([*begun, best[-1]], key=_worth))
    return best[-1]


def _worth(chosen: Sequence[RepeatedBlock]) -> tuple[int, int]:
    return sum(plate.saved for plate in chosen), -len(chosen)


def _beginning(first: int, alike: Sequence[int]) -> Iterator[RepeatedBlock]:
    for length, same in enumerate(alike[1:], start=1):
        yield from (RepeatedBlock(first, length, times) for times in range(same // length + 1, 1, -1))


def _alike(layers: Sequence[Hashable]) -> Iterator[list[int]]:
    """For each layer, the last one first: how many layers from it on are alike those 0, 1, ... places later."""
    after: list[int] = []
    for first in reversed(range(len(layers))):
        runs = zip(layers[first:], [*after, 0], strict=True)
        after = [1 + run if layer == layers[first] else 0 for layer, run in runs]
        yield after
