"""A person's own search space: read from a TOML file (docs/search-spaces.md), one sentence for a fault."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, fields
from itertools import product
from math import isfinite, prod
from pathlib import Path
from typing import Any

from remap_core.errors import InvalidArchitecture, InvalidSpace
from remap_core.space.caps import KILOBYTE, Cap, Cost
from remap_core.space.layers import KINDS, Layer, layer_from_json
from remap_core.space.layers.layer_checks import short_repr
from remap_core.space.markov.search_space import Matrix, Part, SearchSpace, normalised, require_name
from remap_core.space.markov.search_spaces import SPACES

SUFFIX = ".toml"
MAX_BYTES = 100_000
MAX_STEPS = 60
MAX_LAYERS_PER_STEP = 1_000
MAX_VALUE = 100_000
"""Of a hyperparameter."""
MAX_CAP = 1e15

_KEYS = ("name", "steps", *Part, "caps")
_CAPS = {
    "parameters": (Cost.PARAMETERS, 1),
    "multiply_adds": (Cost.MULTIPLY_ADDS, 1),
    "activation_memory": (Cost.MEMORY, KILOBYTE),
    "seconds": (Cost.SECONDS, 1),
}
"""The cost of each cap, and how many of its units the file counts in."""


def read_space_file(path: Path) -> SearchSpace:
    """The space of a file; raises InvalidSpace, which names the file, the key, the rule and the value."""
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InvalidSpace(f"{path} cannot be read: {reason}.") from None
    if len(content) > MAX_BYTES:
        raise InvalidSpace(f"{path} is too large for a search space: at most {MAX_BYTES:,} bytes.")
    try:
        return space_of_toml(content.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise InvalidSpace(f"{path} is not text in UTF-8.") from None
    except InvalidSpace as error:
        raise InvalidSpace(f"{path}: {error}") from None


def space_of_toml(text: str) -> SearchSpace:
    """The space of a TOML text; raises InvalidSpace, which names the key, the rule and the value."""
    try:
        form = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError, ValueError) as error:
        raise InvalidSpace(f"it cannot be read as TOML: {str(error) or 'it is nested too deeply'}.") from None
    unknown = [key for key in form if key not in _KEYS]
    if unknown:
        raise InvalidSpace(f"{short_repr(unknown[0])} is not a key of a search space: {', '.join(_KEYS)}.")
    name = _name(form.get("name"))
    return SearchSpace(
        name,
        _steps(_table("steps", form)),
        _matrix(Part.IMAGES, _table(Part.IMAGES, form)),
        _matrix(Part.VECTORS, _table(Part.VECTORS, form, required=False)),
        _caps(name, _table("caps", form, required=False)),
    )


def _name(name: object) -> str:
    checked = require_name("name", name)
    if checked in SPACES or checked == "auto":
        raise InvalidSpace(f"name must not be that of a space of REMAP's own, but got {checked!r}.")
    return checked


def _table(key: str, form: Mapping[str, Any], *, required: bool = True) -> Mapping[str, Any]:
    table = form.get(key, None if required else {})
    if isinstance(table, Mapping):
        return table
    if table is None:
        raise InvalidSpace(f"{key} is missing: it must be a table.")
    raise InvalidSpace(f"{key} must be a table, but got {short_repr(table)}.")


def _steps(table: Mapping[str, Any]) -> dict[str, tuple[Layer, ...]]:
    if len(table) > MAX_STEPS:
        raise InvalidSpace(f"steps must be at most {MAX_STEPS}, but there are {len(table)}.")
    steps = {}
    for step, choices in table.items():
        key = f"steps.{step:.40}"
        listed = choices if isinstance(choices, list) else [choices]
        layers: dict[Layer, None] = {}
        for choice in listed:
            layers.update(dict.fromkeys(_layers(key, choice)))
        steps[step] = tuple(layers)
    return steps


def _layers(key: str, choice: object) -> list[Layer]:
    """Every combination of the values of one kind."""
    if not isinstance(choice, Mapping):
        raise InvalidSpace(f"{key} must be a table with a kind, but got {short_repr(choice)}.")
    kind = choice.get("kind")
    if not isinstance(kind, str) or kind not in KINDS:
        raise InvalidSpace(f"{key}.kind must be one of {', '.join(KINDS)}, but got {short_repr(kind)}.")
    values = _defaults(KINDS[kind])
    for name, value in choice.items():
        listed = value if isinstance(value, list) else [value]
        if not listed or not all(isinstance(single, str | int | float) for single in listed):
            raise InvalidSpace(f"{key}.{name:.40} must be a value or a list of values, but got {short_repr(value)}.")
        largest = max((single for single in listed if isinstance(single, int | float)), default=0)
        if largest > MAX_VALUE:
            raise InvalidSpace(f"{key}.{name:.40} must be at most {MAX_VALUE:,}, but got {short_repr(largest)}.")
        values[name] = listed
    combinations = prod(map(len, values.values()))
    if combinations > MAX_LAYERS_PER_STEP:
        raise InvalidSpace(f"{key} must choose from at most {MAX_LAYERS_PER_STEP:,} layers, but has {combinations:,}.")
    layers = []
    for combination in product(*values.values()):
        try:
            layers.append(layer_from_json(dict(zip(values, combination, strict=True))))
        except (InvalidArchitecture, TypeError, ValueError, OverflowError) as error:
            raise InvalidSpace(f"{key}: {error}") from None
    return layers


def _defaults(kind: type[Layer]) -> dict[str, list[Any]]:
    """The default of each hyperparameter that has one, as the only value."""
    parameters = fields(kind)  # type: ignore[arg-type]
    return {field.name: [field.default] for field in parameters if field.default is not MISSING}


def _matrix(part: Part, table: Mapping[str, Any]) -> Matrix:
    matrix = {}
    for step, weights in table.items():
        key = f"{part}.{step:.40}"
        if not isinstance(weights, Mapping):
            raise InvalidSpace(f"{key} must be a table of weights, but got {short_repr(weights)}.")
        for target, weight in weights.items():
            if not _is_amount(weight):
                raise InvalidSpace(f"{key}.{target:.40} must be a number of at least 0, but got {short_repr(weight)}.")
        try:
            matrix[step] = normalised(weights)
        except InvalidSpace:
            rule = "must have weights that do not sum to 0"
            raise InvalidSpace(f"{key} {rule}, but got {short_repr(weights)}.") from None
    return matrix


def _caps(space: str, table: Mapping[str, Any]) -> tuple[Cap, ...]:
    caps = []
    for name, limit in table.items():
        if name not in _CAPS:
            raise InvalidSpace(f"caps.{name:.40} is not a cap: {', '.join(_CAPS)}.")
        if not _is_amount(limit) or not 0 < limit <= MAX_CAP:
            raise InvalidSpace(f"caps.{name} must be a number greater than 0, but got {short_repr(limit)}.")
        cost, unit = _CAPS[name]
        caps.append(Cap(cost, limit * unit, f"the caps of {space}"))
    return tuple(caps)


def _is_amount(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value) and value >= 0
