"""Edits: one step from an architecture to a neighbour, as a value. The sentence is made where it is shown.

Layers are counted from 0 in the value and from 1 in the sentence. The head is no layer: no edit touches it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, ClassVar, Protocol

from remap_core.errors import InvalidArchitecture, InvalidTrial
from remap_core.space.architecture import Architecture
from remap_core.space.fit import misfit
from remap_core.space.layers import FUNCTION_NAMES, Layer, layer_from_json
from remap_core.space.text import layer_text


class Chain(Protocol):
    """What edits are made to: an architecture, or layers that do not fit together yet."""

    @property
    def layers(self) -> tuple[Layer, ...]:
        """The layers, in order, without the head."""


@dataclass(frozen=True)
class Layers:
    """A chain that need not fit together: between two edits of a handcrafted child, for example."""

    layers: tuple[Layer, ...]


class Edit(ABC):
    """One step. `index` is a layer of the architecture that it is applied to. Subclasses are frozen dataclasses."""

    kind: ClassVar[str]
    index: int

    def apply(self, parent: Architecture) -> Architecture:
        """The child; raises InvalidArchitecture where there is no such layer, nothing changes, or it does not fit."""
        child = parent.with_layers(self.edited(parent.layers))
        if child == parent:
            raise InvalidArchitecture("An edit must change the architecture, but this one leaves it as it is.")
        return child

    @abstractmethod
    def edited(self, layers: tuple[Layer, ...]) -> tuple[Layer, ...]:
        """The layers after the edit, whether they fit together or not; raises InvalidArchitecture."""

    @abstractmethod
    def sentence(self, parent: Chain) -> str:
        """What is done to the parent, for a person."""

    def to_json(self) -> dict[str, Any]:
        """The stored form."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}  # type: ignore[arg-type]
        return {"edit": self.kind} | {
            name: value.to_json() if isinstance(value, Layer) else value for name, value in values.items()
        }

    def _target(self, layers: Sequence[Layer]) -> Layer:
        if not 0 <= self.index < len(layers):
            raise InvalidArchitecture(
                f"index must be one of the {len(layers)} layers, but got {self.index}.", self.index
            )
        return layers[self.index]


@dataclass(frozen=True)
class Remove(Edit):
    """The layer is taken out."""

    index: int
    kind: ClassVar[str] = "remove"

    def edited(self, layers: tuple[Layer, ...]) -> tuple[Layer, ...]:
        self._target(layers)
        return layers[: self.index] + layers[self.index + 1 :]

    def sentence(self, parent: Chain) -> str:
        """What is done to the parent, for a person.

        >>> from remap_core.space.layers import Dense
        >>> Remove(0).sentence(Architecture((1, 8, 8), 10, (Dense(64),)))
        'Dense 64 at 1 removed'
        """
        return f"{layer_text(self._target(parent.layers))} at {self.index + 1} removed"


@dataclass(frozen=True)
class Replace(Edit):
    """The layer is exchanged for one of another kind."""

    index: int
    layer: Layer
    kind: ClassVar[str] = "replace"

    def edited(self, layers: tuple[Layer, ...]) -> tuple[Layer, ...]:
        if self._target(layers).kind == self.layer.kind:
            raise InvalidArchitecture(f"Replace needs another kind than {self.layer.kind}; reparameterize keeps it.")
        return (*layers[: self.index], self.layer, *layers[self.index + 1 :])

    def sentence(self, parent: Chain) -> str:
        return f"{layer_text(self._target(parent.layers))} at {self.index + 1} -> {layer_text(self.layer)}"


@dataclass(frozen=True)
class Prepend(Edit):
    """A layer is put before the one at `index`; before the head where `index` is the number of layers."""

    index: int
    layer: Layer
    kind: ClassVar[str] = "prepend"

    def edited(self, layers: tuple[Layer, ...]) -> tuple[Layer, ...]:
        if not 0 <= self.index <= len(layers):
            raise InvalidArchitecture(f"index must be 0 to {len(layers)} (the head), but got {self.index}.", self.index)
        return (*layers[: self.index], self.layer, *layers[self.index :])

    def sentence(self, parent: Chain) -> str:
        at_head = self.index == len(parent.layers)
        place = "the head" if at_head else f"{layer_text(parent.layers[self.index])} at {self.index + 1}"
        return f"{layer_text(self.layer)} put before {place}"


@dataclass(frozen=True)
class Reparameterize(Edit):
    """One hyperparameter of the layer gets another value."""

    index: int
    name: str
    value: Any
    kind: ClassVar[str] = "reparameterize"

    def edited(self, layers: tuple[Layer, ...]) -> tuple[Layer, ...]:
        target = self._target(layers)
        known = [field.name for field in fields(target)]  # type: ignore[arg-type]
        if self.name not in known:
            raise InvalidArchitecture(f"{target.kind} has {', '.join(known)}, but got {self.name!r}.", self.index)
        changed = replace(target, **{self.name: self.value})  # type: ignore[type-var]
        return (*layers[: self.index], changed, *layers[self.index + 1 :])

    def sentence(self, parent: Chain) -> str:
        """What is done to the parent, for a person.

        >>> from remap_core.space.layers import Conv2d
        >>> parent = Architecture((1, 8, 8), 10, (Conv2d(3, 32),))
        >>> Reparameterize(0, "filters", 64).sentence(parent)
        'Conv 32x3 at 1 -> 64 filters'
        """
        return f"{layer_text(self._target(parent.layers))} at {self.index + 1} -> {_value_text(self.name, self.value)}"


EDITS: dict[str, type[Edit]] = {edit.kind: edit for edit in (Remove, Replace, Prepend, Reparameterize)}


def edit_from_json(form: object) -> Edit:
    """The edit of its stored form; raises InvalidTrial where it is none.

    >>> edit_from_json({"edit": "remove", "index": 2})
    Remove(index=2)
    """
    kind = form.get("edit") if isinstance(form, Mapping) else None
    if not isinstance(form, Mapping) or not isinstance(kind, str) or kind not in EDITS:
        raise InvalidTrial(f"An edit must be an object whose edit is one of {', '.join(EDITS)}, but got {form!r:.80}.")
    cls = EDITS[kind]
    names = {field.name for field in fields(cls)}  # type: ignore[arg-type]
    values = {name: value for name, value in form.items() if name != "edit"}
    if values.keys() != names or type(values["index"]) is not int:
        raise InvalidTrial(f"The edit {kind} has {', '.join(sorted(names))}, but got {form!r:.80}.")
    if "layer" in values:
        values["layer"] = layer_from_json(values["layer"])
    return cls(**values)


def apply_all(parent: Architecture, edits: Iterable[Edit]) -> Architecture:
    """The child after all edits in order, each applied to what the one before has made; raises InvalidArchitecture."""
    child = parent
    for edit in edits:
        child = edit.apply(child)
    return child


def sentences(parent: Chain, edits: Iterable[Edit]) -> list[str]:
    """What the edits do, in order; places are those of the chain that each is applied to, whether it fits or not."""
    said = []
    chain = Layers(parent.layers)
    for edit in edits:
        said.append(edit.sentence(chain))
        chain = Layers(edit.edited(chain.layers))
    return said


@dataclass(frozen=True)
class Candidate:
    """A child that could be made of a parent: its edits, and the architecture or the reason why there is none."""

    edits: tuple[Edit, ...]
    child: Architecture | None
    reason: str = ""


def candidate(parent: Architecture, *edits: Edit) -> Candidate:
    """The candidate that the edits give; an impossible one carries the reason, layers counted from 1."""
    layers = parent.layers
    try:
        for edit in edits:
            layers = edit.edited(layers)
            found = misfit(parent.input_shape, layers)
            if found:
                return Candidate(edits, None, found.sentence)
        return Candidate(edits, apply_all(parent, edits))
    except InvalidArchitecture as error:
        return Candidate(edits, None, str(error))


def ablations(parent: Architecture, indices: Iterable[int] | None = None) -> tuple[Candidate, ...]:
    """One candidate for each layer in `indices` (all layers by default), in order: the parent without that layer."""
    chosen = range(len(parent.layers)) if indices is None else indices
    return tuple(candidate(parent, Remove(index)) for index in chosen)


def _value_text(name: str, value: object) -> str:
    """A hyperparameter's new value in words.

    >>> _value_text("filters", 64), _value_text("kernel_size", 5), _value_text("function", "relu")
    ('64 filters', 'kernel size 5', 'ReLU')
    """
    if name in ("filters", "units"):
        return f"{value} {name}"
    if name == "function":
        return FUNCTION_NAMES.get(str(value), str(value))
    return f"{name.replace('_', ' ')} {value}"
