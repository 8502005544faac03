"""Groups of layers that come several times in a row, shown as a bracket with a count."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class RepeatedBlock:
    """A group of `length` layers that starts at the layer `first` (0-based) and comes `times` times in a row."""

    first: int
    length: int
    times: int

    @property
    def stop(self) -> int:
        """Index after the last layer of the last group."""
        return self.first + self.length * self.times

    @property
    def saved(self) -> int:
        """Layers that the bracket spares a reader."""
        return self.length * (self.times - 1)


def repeated_blocks(layers: Sequence[Hashable]) -> tuple[RepeatedBlock, ...]:
    """The disjoint repeated groups of a chain in order, chosen to spare the most layers.

    Hence no group contains a shorter repeat, and none continues next to its bracket. Of equally good choices it is the
    one with the fewest blocks, then the one that starts first.

    >>> repeated_blocks("ABABCC")
    (RepeatedBlock(first=0, length=2, times=2), RepeatedBlock(first=4, length=1, times=2))
    """
    best: list[tuple[RepeatedBlock, ...]] = [()]  # of the last 0, 1, ... layers
    firsts = reversed(range(len(layers)))
    for first, runs in zip(firsts, _runs(layers), strict=True):
        candidates = [(block, *best[len(layers) - block.stop]) for block in _blocks_from(first, runs)]
        candidates.append(best[-1])
        best.append(max(candidates, key=_worth))
    return best[-1]


def _worth(blocks: Sequence[RepeatedBlock]) -> tuple[int, int]:
    saved = sum(block.saved for block in blocks)
    return saved, -len(blocks)


def _blocks_from(first: int, runs: Sequence[int]) -> Iterator[RepeatedBlock]:
    """All blocks that start at a layer, for each length the one of the most groups first."""
    for length, run in enumerate(runs[1:], start=1):
        max_times = run // length + 1
        for times in range(max_times, 1, -1):
            yield RepeatedBlock(first, length, times)


def _runs(layers: Sequence[Hashable]) -> Iterator[list[int]]:
    """For each layer, the last one first: how many layers from it on equal those 0, 1, ... places later."""
    next_runs: list[int] = []
    for first in reversed(range(len(layers))):
        runs = []
        for layer, next_run in zip(layers[first:], [*next_runs, 0], strict=True):
            run = 0
            if layer == layers[first]:
                run = next_run + 1
            runs.append(run)
        next_runs = runs
        yield runs
