"""Alignment of two chains: pairs of their layers with as few changes and unpaired layers as possible."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from remap_core.space import change_sentences
from remap_core.space.layers import Layer
from remap_core.space.text import layer_text

CHANGED_COST = 1
"""Of a pair of one kind with different hyperparameters. Layers of different kinds are never paired."""
GAP_COST = 2
"""Of a layer without a partner."""


class Change(StrEnum):
    """What happened to a layer between the two chains."""

    KEPT = "kept"
    CHANGED = "changed"
    REMOVED = "removed"
    ADDED = "added"


COSTS = {
    Change.KEPT: 0,
    Change.CHANGED: CHANGED_COST,
    Change.REMOVED: GAP_COST,
    Change.ADDED: GAP_COST,
}


@dataclass(frozen=True)
class Pair:
    """A layer of each chain by its index (0-based), or of one of them alone: None marks the gap in the other."""

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
    costs = _suffix_costs(before, after)
    pairs: list[Pair] = []
    i = 0
    j = 0
    while i < len(before) or j < len(after):
        cost = costs[i][j]
        pair_cost = _pair_cost(before, after, i, j)
        if pair_cost is not None and cost == pair_cost + costs[i + 1][j + 1]:
            change = Change.CHANGED if pair_cost else Change.KEPT
            pairs.append(Pair(i, j, change))
            i += 1
            j += 1
        elif i < len(before) and cost == GAP_COST + costs[i + 1][j]:
            pairs.append(Pair(i, None, Change.REMOVED))
            i += 1
        else:
            pairs.append(Pair(None, j, Change.ADDED))
            j += 1
    return pairs


def alignment_cost(pairs: Sequence[Pair]) -> int:
    """Total cost of an alignment: 0 where every layer is kept."""
    return sum(COSTS[pair.change] for pair in pairs)


def difference_sentences(
    before: Sequence[Layer],
    after: Sequence[Layer],
) -> list[str]:
    """Every difference in words, in order; layers are those of `before`, counted from 1. Empty for equal chains.

    >>> from remap_core.space.text import parse_layers
    >>> difference_sentences(parse_layers("Conv 8x3, ReLU"), parse_layers("Conv 16x3, ReLU, Dense 4"))
    ['Changed layer 1 (Conv 8x3) to Conv 16x3', 'Inserted Dense 4 before the head']
    """
    sentences = []
    next_index = 0  # of the first layer of `before` that no earlier pair has
    for pair in align(before, after):
        if pair.before is not None:
            next_index = pair.before + 1
        if pair.change is not Change.KEPT:
            sentences.append(_sentence(pair, before, after, next_index))
    return sentences


def _sentence(
    pair: Pair,
    before: Sequence[Layer],
    after: Sequence[Layer],
    next_index: int,
) -> str:
    if pair.after is None:
        return change_sentences.removed(before, next_index - 1)
    new = after[pair.after]
    if pair.before is None:
        return change_sentences.added(new, before, next_index)
    return change_sentences.changed(before, pair.before, layer_text(new))


def _suffix_costs(
    before: Sequence[Layer],
    after: Sequence[Layer],
) -> list[list[int]]:
    """costs[i][j]: the smallest cost of aligning before[i:] with after[j:]."""
    n = len(before)
    m = len(after)
    costs = [[0] * (m + 1) for _ in range(n + 1)]
    for i in range(n):
        costs[i][m] = GAP_COST * (n - i)
    for j in range(m):
        costs[n][j] = GAP_COST * (m - j)
    for i in reversed(range(n)):
        for j in reversed(range(m)):
            remove = GAP_COST + costs[i + 1][j]
            add = GAP_COST + costs[i][j + 1]
            cost = min(remove, add)
            pair_cost = _pair_cost(before, after, i, j)
            if pair_cost is not None:
                pair = pair_cost + costs[i + 1][j + 1]
                cost = min(cost, pair)
            costs[i][j] = cost
    return costs


def _pair_cost(
    before: Sequence[Layer],
    after: Sequence[Layer],
    i: int,
    j: int,
) -> int | None:
    """0 for equal layers, CHANGED_COST for one kind, None past an end and for different kinds."""
    if i >= len(before) or j >= len(after):
        return None
    if before[i].kind != after[j].kind:
        return None
    return 0 if before[i] == after[j] else CHANGED_COST
