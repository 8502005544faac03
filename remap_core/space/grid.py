"""The choices that search spaces offer to edits: layers, and values of their hyperparameters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from remap_core.space.layers import Layer
from remap_core.space.markov.search_space import SearchSpace

Grid = Sequence[Layer]
"""Layers to choose from."""

Values = tuple[Any, ...]
"""Of a hyperparameter."""


def layers_of(*spaces: SearchSpace) -> tuple[Layer, ...]:
    """Every layer of the spaces, row by row, each once."""
    layers: dict[Layer, None] = {}
    for space in spaces:
        for row in space.grid.values():
            layers.update(dict.fromkeys(row))
    return tuple(layers)


def grid_values(grid: Grid, kind: str) -> dict[str, Values]:
    """For each hyperparameter of a layer kind the values in the grid, in the grid's order.

    >>> from remap_core.space.markov.search_spaces import REMAP_2019
    >>> grid_values(layers_of(REMAP_2019), "max_pool2d")
    {'size': (2, 3, 5), 'stride': (2,)}
    """
    layers = [layer for layer in grid if layer.kind == kind]
    if not layers:
        return {}
    values = {}
    for field in fields(layers[0]):  # type: ignore[arg-type]
        name = field.name
        unique = dict.fromkeys(getattr(layer, name) for layer in layers)
        values[name] = tuple(unique)
    return values


def other_values(grid: Grid, layer: Layer) -> tuple[tuple[str, Any], ...]:
    """Every (hyperparameter, value) of the grid that differs from the layer's own.

    >>> from remap_core.space.layers import Activation
    >>> from remap_core.space.markov.search_spaces import REMAP_2019
    >>> other_values(layers_of(REMAP_2019), Activation("relu"))
    (('function', 'tanh'), ('function', 'sigmoid'))
    """
    others = []
    for name, values in grid_values(grid, layer.kind).items():
        for value in values:
            if value != getattr(layer, name):
                others.append((name, value))
    return tuple(others)
