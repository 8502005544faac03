"""Search spaces in words and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from remap_core.space.layers import Layer
from remap_core.space.markov.search_space import Matrix, SearchSpace, State

MAX_VALUES = 6
"""Values of a hyperparameter that are named."""


def step_text(layers: Sequence[Layer]) -> str:
    """The layers that a step chooses from, in words.

    >>> from remap_core.space.markov.search_spaces import REMAP_2019
    >>> step_text(REMAP_2019.grid["pool"])
    'AvgPool, MaxPool: size 2, 3, 5; stride 2'
    """
    titles = ", ".join(dict.fromkeys(layer.title for layer in layers))
    values: dict[str, dict[str, None]] = {}
    for layer in layers:
        for field in fields(layer):  # type: ignore[arg-type]
            values.setdefault(field.name, {})[_value_text(getattr(layer, field.name))] = None
    texts = []
    for name, choices in values.items():
        shown = list(choices)
        if len(shown) > MAX_VALUES:
            shown = [*shown[: MAX_VALUES - 1], f"... {shown[-1]}"]
        texts.append(f"{name.replace('_', ' ')} {', '.join(shown)}")
    if not texts:
        return titles
    return f"{titles}: {'; '.join(texts)}"


def likeliest(space: SearchSpace, state: State) -> list[tuple[State, float]]:
    """What follows a state, the most probable first."""
    after = sorted(space.after(state).items(), key=lambda pair: -pair[1])
    return [(following, float(probability)) for following, probability in after]


def space_to_json(space: SearchSpace) -> dict[str, Any]:
    """The space as plain values: the layers of each step, the probabilities of each row, the caps."""
    return {
        "name": space.name,
        "steps": {step: [layer.to_json() for layer in layers] for step, layers in space.grid.items()},
        "on_images": _matrix_to_json(space.on_images),
        "on_vectors": _matrix_to_json(space.on_vectors),
        "caps": {cap.cost.value: cap.limit for cap in space.caps},
    }


def states_text(space: SearchSpace) -> str:
    """How many steps and layers a space has, in words.

    >>> from remap_core.space.markov.search_spaces import REMAP_2019
    >>> states_text(REMAP_2019)
    '5 steps, 32 layers to choose from'
    """
    layers = sum(map(len, space.grid.values()))
    return f"{len(space.grid)} steps, {layers:,} layers to choose from"


def _matrix_to_json(matrix: Matrix) -> dict[str, dict[str, float]]:
    return {step: {target: float(share) for target, share in row.items()} for step, row in matrix.items()}


def _value_text(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)
