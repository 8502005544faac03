"""Ancestry: which layers of a parent each layer of its child was made of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

from remap_core.errors import InvalidArchitecture
from remap_core.space.alignment import align
from remap_core.space.architecture import Architecture
from remap_core.space.edits import Edit, Merge, Prepend, Remove, Replace, apply_all

NEW = range(0)
"""The sources of a layer that no layer of the parent became."""


def sources(parent: Architecture, child: Architecture, edits: Sequence[Edit]) -> tuple[range, ...]:
    """For each layer of the child the parent's layers that it was made of, by index: several for a merge, else one.

    NEW for a layer that was inserted, or that replaced one of another kind. Starts never decrease. Where the edits do
    not lead from the parent to the child, both chains are aligned.

    >>> from remap_core.space.text import parse_layers
    >>> parent = Architecture((1, 8, 8), 10, parse_layers("Conv 4x3, ReLU, Dense 8"))
    >>> edit = Remove(1)
    >>> sources(parent, edit.apply(parent), [edit])
    (range(0, 1), range(2, 3))
    """
    if not _lead(parent, child, edits):
        return _aligned(parent, child)
    traced = [range(index, index + 1) for index in range(len(parent.layers))]
    for edit in edits:
        if isinstance(edit, Remove):
            del traced[edit.index]
        elif isinstance(edit, Prepend):
            traced.insert(edit.index, NEW)
        elif isinstance(edit, Replace):
            traced[edit.index] = NEW
        elif isinstance(edit, Merge):
            end = edit.index + edit.layers
            traced[edit.index : end] = [_joined(traced[edit.index : end])]
    return tuple(traced)


def _lead(parent: Architecture, child: Architecture, edits: Iterable[Edit]) -> bool:
    try:
        return apply_all(parent, edits) == child
    except InvalidArchitecture:
        return False


def _aligned(parent: Architecture, child: Architecture) -> tuple[range, ...]:
    found = [NEW] * len(child.layers)
    for pair in align(parent.layers, child.layers):
        if pair.before is not None and pair.after is not None:
            found[pair.after] = range(pair.before, pair.before + 1)
    return tuple(found)


def _joined(parts: Sequence[range]) -> range:
    """All of them as one; NEW where one of them is new, or another layer was between them."""
    if any(left.stop != right.start for left, right in pairwise(parts)) or not all(parts):
        return NEW
    return range(parts[0].start, parts[-1].stop)
