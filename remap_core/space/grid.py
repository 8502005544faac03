"""What search spaces offer to edits: their layers, and the values of a layer's hyperparameters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from remap_core.space.layers import Layer
from remap_core.space.search_spaces import SearchSpace

Grid = Sequence[Layer]
"""Layers to choose from."""


def layers_of(*spaces: SearchSpace) -> tuple[Layer, ...]:
    """Every layer of the spaces, row by row, each once."""
    return tuple(dict.fromkeys(layer for space in spaces for row in space.grid.values() for layer in row))


def grid_values(grid: Grid, kind: str) -> dict[str, tuple[Any, ...]]:
    """For each hyperparameter of a layer kind the values that the grid knows, in the grid's order.

    >>> from remap_core.space.search_spaces import REMAP_2019
    >>> grid_values(layers_of(REMAP_2019), "max_pool2d")
    {'size': (2, 3, 5), 'stride': (2,)}
    """
    known = [layer for layer in grid if layer.kind == kind]
    names = [field.name for field in fields(known[0])] if known else []  # type: ignore[arg-type]
    return {name: tuple(dict.fromkeys(getattr(layer, name) for layer in known)) for name in names}


def other_values(grid: Grid, layer: Layer) -> tuple[tuple[str, Any], ...]:
    """Every (hyperparameter, value) of the grid that the layer does not have already.

    >>> from remap_core.space.layers import Activation
    >>> from remap_core.space.search_spaces import REMAP_2019
    >>> other_values(layers_of(REMAP_2019), Activation("relu"))
    (('function', 'tanh'), ('function', 'sigmoid'))
    """
    offered = grid_values(grid, layer.kind)
    return tuple((name, value) for name, values in offered.items() for value in values if value != getattr(layer, name))
