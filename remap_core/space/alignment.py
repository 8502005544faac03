"""What two chains have in common: their layers paired off, so that as little as possible is changed or left over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from remap_core.space.layers import Layer
from remap_core.space.text import layer_text

CHANGED_COST, GAP_COST = 1, 2
"""Of a layer that keeps its kind, and of one without a partner; layers of different kinds are never paired."""


class Change(StrEnum):
    """What happened to a layer on the way from one chain to the other."""

    KEPT = "kept"
    CHANGED = "changed"
    REMOVED = "removed"
    ADDED = "added"


@dataclass(frozen=True)
class Pair:
    """A layer of each chain by its index (0-based), or of one of them alone: the other has a gap there."""

    before: int | None
    after: int | None
    change: Change


def align(before: Sequence[Layer], after: Sequence[Layer]) -> list[Pair]:
    """Every layer of both chains once, in order, at the smallest total cost; removed ones come before added ones.

    Needleman and Wunsch's global alignment (J. Mol. Biol. 1970), O(len(before) * len(after)).

    >>> from remap_core.space.text import parse_layers
    >>> before, after = parse_layers("Conv 8x3, ReLU, Dense 4"), parse_layers("Conv 16x3, Dense 4")
    >>> [pair.change.value for pair in align(before, after)]
    ['changed', 'removed', 'kept']
    """
    costs = _rest_costs(before, after)
    pairs: list[Pair] = []
    i = j = 0
    while i < len(before) or j < len(after):
        paired = _pair_cost(before, after, i, j)
        if paired is not None and costs[i][j] == paired + costs[i + 1][j + 1]:
            pairs.append(Pair(i, j, Change.CHANGED if paired else Change.KEPT))
            i, j = i + 1, j + 1
        elif i < len(before) and costs[i][j] == GAP_COST + costs[i + 1][j]:
            pairs.append(Pair(i, None, Change.REMOVED))
            i += 1
        else:
            pairs.append(Pair(None, j, Change.ADDED))
            j += 1
    return pairs


def alignment_cost(pairs: Sequence[Pair]) -> int:
    """What an alignment costs in all: 0 where every layer is kept."""
    prices = {Change.KEPT: 0, Change.CHANGED: CHANGED_COST, Change.REMOVED: GAP_COST, Change.ADDED: GAP_COST}
    return sum(prices[pair.change] for pair in pairs)


def difference_sentences(before: Sequence[Layer], after: Sequence[Layer]) -> list[str]:
    """What is not kept, in order, in words; layers are counted from 1. Empty for equal chains.

    >>> from remap_core.space.text import parse_layers
    >>> difference_sentences(parse_layers("Conv 8x3, ReLU"), parse_layers("Conv 16x3, ReLU, Dense 4"))
    ['Conv 8x3 at 1 becomes Conv 16x3', 'Dense 4 added at 3']
    """
    pairs = (pair for pair in align(before, after) if pair.change is not Change.KEPT)
    return [_sentence(pair, before, after) for pair in pairs]


def _sentence(pair: Pair, before: Sequence[Layer], after: Sequence[Layer]) -> str:
    old = f"{layer_text(before[pair.before])} at {pair.before + 1}" if pair.before is not None else ""
    new = layer_text(after[pair.after]) if pair.after is not None else ""
    if pair.after is None:
        return f"{old} removed"
    return f"{old} becomes {new}" if old else f"{new} added at {pair.after + 1}"


def _rest_costs(before: Sequence[Layer], after: Sequence[Layer]) -> list[list[int]]:
    """costs[i][j]: the smallest cost of aligning before[i:] with after[j:]."""
    n, m = len(before), len(after)
    costs = [[GAP_COST * (n - i + m - j) for j in range(m + 1)] for i in range(n + 1)]
    for i in reversed(range(n)):
        for j in reversed(range(m)):
            paired = _pair_cost(before, after, i, j)
            ways = [GAP_COST + costs[i + 1][j], GAP_COST + costs[i][j + 1]]
            costs[i][j] = min(ways if paired is None else [*ways, paired + costs[i + 1][j + 1]])
    return costs


def _pair_cost(before: Sequence[Layer], after: Sequence[Layer], i: int, j: int) -> int | None:
    """0 for the same layer, CHANGED_COST for the same kind, None for layers (or an end) that are never paired."""
    if i >= len(before) or j >= len(after) or before[i].kind != after[j].kind:
        return None
    return 0 if before[i] == after[j] else CHANGED_COST
