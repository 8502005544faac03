"""Merges: linear layers in a row that become the one layer that does the same, as an edit of a chain."""

from __future__ import annotations

from remap_core.space.architecture import Architecture
from remap_core.space.edits import Candidate, Merge, candidate
from remap_core.space.layers import Conv2d, Dense
from remap_core.space.linear_runs import LINEAR, linear_run

_WEIGHTED = (Conv2d, Dense)


def merges(parent: Architecture) -> tuple[Candidate, ...]:
    """One candidate for each run of linear layers that can be one layer of no more parameters, longest runs first.

    The child can represent every function that the parent can. Runs that end in the head are ablations: not here.

    >>> from remap_core.space.text import layers_text, parse_layers
    >>> chain = parse_layers("Conv 64x3, Conv 16x3, ReLU, Dense 64")
    >>> [layers_text(found.child.layers) for found in merges(Architecture((1, 28, 28), 10, chain))]
    ['Conv 16x5, ReLU, Dense 64']
    """
    found = []
    layers = len(parent.layers)
    for length in range(layers, 1, -1):
        for start in range(layers - length + 1):
            merged = _merged(parent, start, length)
            if merged and merged.child and merged.child.parameters <= parent.parameters:
                found.append(merged)
    return tuple(found)


def _merged(parent: Architecture, start: int, length: int) -> Candidate | None:
    run = parent.layers[start : start + length]
    is_linear = all(isinstance(layer, LINEAR) for layer in run)
    if not is_linear or not any(isinstance(layer, _WEIGHTED) for layer in run):
        return None
    whole = linear_run(parent.layers, parent.input_shapes, start, start + length)
    if whole is None:
        return None
    return candidate(parent, Merge(start, length, whole.layer))
