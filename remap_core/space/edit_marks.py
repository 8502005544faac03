"""Where a child differs from its parent, for a drawing of the child."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from remap_core.space.edits import Chain, Edit, Merge, Prepend, Remove


@dataclass(frozen=True)
class Marks:
    """changed: the child's layers that an edit added or changed; gaps: the layers before which one was removed.

    Indices are the child's, 0-based; its number of layers stands for the head.
    """

    changed: frozenset[int] = frozenset()
    gaps: frozenset[int] = frozenset()


def marks(parent: Chain, edits: Iterable[Edit]) -> Marks:
    """The traces of the edits in the child.

    >>> from remap_core.space.edits import Layers
    >>> from remap_core.space.text import parse_layers
    >>> found = marks(Layers(parse_layers("ReLU, Dense 4, Tanh")), [Remove(0), Prepend(1, *parse_layers("Dense 8"))])
    >>> sorted(found.gaps), sorted(found.changed)
    ([0], [1])
    """
    size = len(parent.layers) + 1
    changed = [False] * size
    gaps = [False] * size
    for edit in edits:
        if isinstance(edit, Remove):
            del changed[edit.index]
            del gaps[edit.index]
            gaps[edit.index] = True
        elif isinstance(edit, Prepend):
            changed.insert(edit.index, True)
            gaps.insert(edit.index, False)
        else:
            if isinstance(edit, Merge):
                del changed[edit.index + 1 : edit.index + edit.layers]
                del gaps[edit.index + 1 : edit.index + edit.layers]
            changed[edit.index] = True
    return Marks(_true_indices(changed), _true_indices(gaps))


def _true_indices(flags: Iterable[bool]) -> frozenset[int]:
    return frozenset(index for index, flag in enumerate(flags) if flag)
