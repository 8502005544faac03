"""The layer kinds that the project knows.

To add a kind, write its class and list it in `KINDS`; then give it an entry in `MODULES` (training/network/build.py)
and in `LAYER_EXPORTS` (exports/layer_exports.py). `tests/test_layer_kinds.py` lists what a kind lacks.
"""

from __future__ import annotations

from collections.abc import Mapping

from remap_core.errors import InvalidArchitecture
from remap_core.space.layers.activations import Activation
from remap_core.space.layers.blocks import InvertedResidual, Residual
from remap_core.space.layers.convolutions import Conv2d, SeparableConv2d
from remap_core.space.layers.dense import Dense
from remap_core.space.layers.layer import Layer
from remap_core.space.layers.layer_checks import short_repr
from remap_core.space.layers.pooling import AvgPool2d, GlobalAvgPool2d, MaxPool2d
from remap_core.space.layers.regularization import BatchNorm, Dropout

KINDS: dict[str, type[Layer]] = {
    layer.kind: layer
    for layer in (
        Conv2d,
        SeparableConv2d,
        Residual,
        InvertedResidual,
        Dense,
        MaxPool2d,
        AvgPool2d,
        GlobalAvgPool2d,
        Activation,
        BatchNorm,
        Dropout,
    )
}
"""Layer kinds by name, in the order in which lists and legends show them."""


def offered_layers() -> tuple[Layer, ...]:
    """Every layer that is offered for handcrafting, kind by kind."""
    layers: list[Layer] = []
    for kind in KINDS.values():
        layers += kind.grid()
    return tuple(layers)


def layer_from_json(form: object) -> Layer:
    """The layer of one JSON object; raises InvalidArchitecture naming what is unknown, missing or out of range.

    >>> layer_from_json({"kind": "dense", "units": 64})
    Dense(units=64)
    """
    if not isinstance(form, Mapping):
        raise InvalidArchitecture(f'a layer must be an object with a "kind", but got {short_repr(form)}.')
    name = form.get("kind")
    if not isinstance(name, str) or name not in KINDS:
        raise InvalidArchitecture(f"kind must be one of {', '.join(KINDS)}, but got {short_repr(name)}.")
    kind = KINDS[name]
    hyperparameters = kind.hyperparameters()
    values = {key: value for key, value in form.items() if key != "kind"}
    unknown = [short_repr(key) for key in values if key not in hyperparameters]
    if unknown:
        known = ", ".join(hyperparameters) or "nothing"
        raise InvalidArchitecture(f"{name} takes {known}, but got {', '.join(unknown)}.")
    missing = [key for key in hyperparameters if key not in values and key not in kind.optional]
    if missing:
        raise InvalidArchitecture(f"{name} needs {', '.join(missing)}.")
    return kind(**values)
