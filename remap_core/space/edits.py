"""Edits: one step from an architecture to a neighbour, as a value. Its sentence is made where it is shown.

Layers are counted from 0 in values and from 1 in sentences. The head is not a layer: no edit changes it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, ClassVar, Protocol

from remap_core.errors import InvalidArchitecture, InvalidTrial
from remap_core.formatting import pluralize
from remap_core.space import change_sentences
from remap_core.space.architecture import Architecture
from remap_core.space.fit import shape_mismatch
from remap_core.space.layers import FUNCTION_NAMES, Layer, layer_from_json
from remap_core.space.text import layer_text

LayerChain = tuple[Layer, ...]


class Chain(Protocol):
    """Anything with layers that can be edited: an architecture, or layers that do not fit together yet."""

    @property
    def layers(self) -> LayerChain:
        """The layers, in order, without the head."""


@dataclass(frozen=True)
class Layers:
    """A chain that need not fit together: for example between two edits of a handcrafted child."""

    layers: LayerChain


class Edit(ABC):
    """One step. `index` is a layer of the architecture that it is applied to. Subclasses are frozen dataclasses."""

    kind: ClassVar[str]
    index: int

    def apply(self, parent: Architecture) -> Architecture:
        """The child; raises InvalidArchitecture for a missing layer, no change, or layers that do not fit."""
        child = parent.with_layers(self.edited(parent.layers))
        if child == parent:
            raise InvalidArchitecture("An edit must change the architecture, but this one changes nothing.")
        return child

    @abstractmethod
    def edited(self, layers: LayerChain) -> LayerChain:
        """The layers after the edit, whether they fit together or not; raises InvalidArchitecture."""

    @abstractmethod
    def sentence(self, parent: Chain) -> str:
        """The change to the parent in words."""

    def to_json(self) -> dict[str, Any]:
        """The stored form."""
        form: dict[str, Any] = {"edit": self.kind}
        for field in fields(self):  # type: ignore[arg-type]
            value = getattr(self, field.name)
            if isinstance(value, Layer):
                value = value.to_json()
            form[field.name] = value
        return form


def layer_at(layers: LayerChain, index: int) -> Layer:
    """The layer of an index; raises InvalidArchitecture where there is none."""
    if not 0 <= index < len(layers):
        chain = pluralize(len(layers), "layer")
        message = f"There is no layer {index + 1} in a chain of {chain}."
        raise InvalidArchitecture(message, index)
    return layers[index]


def spliced(layers: LayerChain, start: int, stop: int, *new: Layer) -> LayerChain:
    """The chain with new layers in place of those from `start` to before `stop`."""
    return layers[:start] + new + layers[stop:]


@dataclass(frozen=True)
class Remove(Edit):
    """The layer is removed."""

    index: int
    kind: ClassVar[str] = "remove"

    def edited(self, layers: LayerChain) -> LayerChain:
        layer_at(layers, self.index)
        return spliced(layers, self.index, self.index + 1)

    def sentence(self, parent: Chain) -> str:
        """The change to the parent in words.

        >>> from remap_core.space.layers import Dense
        >>> Remove(0).sentence(Architecture((1, 8, 8), 10, (Dense(64),)))
        'Removed layer 1 (Dense 64)'
        """
        layer_at(parent.layers, self.index)
        return change_sentences.removed(parent.layers, self.index)


@dataclass(frozen=True)
class Replace(Edit):
    """The layer is replaced by one of another kind."""

    index: int
    layer: Layer
    kind: ClassVar[str] = "replace"

    def edited(self, layers: LayerChain) -> LayerChain:
        if layer_at(layers, self.index).kind == self.layer.kind:
            raise InvalidArchitecture(
                f"Replace needs a layer of another kind than {self.layer.kind}; "
                "use reparameterize to change its hyperparameters."
            )
        return spliced(layers, self.index, self.index + 1, self.layer)

    def sentence(self, parent: Chain) -> str:
        layer_at(parent.layers, self.index)
        new = layer_text(self.layer)
        return change_sentences.changed(parent.layers, self.index, new)


@dataclass(frozen=True)
class Prepend(Edit):
    """A layer is added before the one at `index`; before the head where `index` is the number of layers."""

    index: int
    layer: Layer
    kind: ClassVar[str] = "prepend"

    def edited(self, layers: LayerChain) -> LayerChain:
        head = len(layers)
        if not 0 <= self.index <= head:
            message = f"A layer can be added before position 1 to {head + 1} (the head), but got {self.index + 1}."
            raise InvalidArchitecture(message, self.index)
        return spliced(layers, self.index, self.index, self.layer)

    def sentence(self, parent: Chain) -> str:
        return change_sentences.added(self.layer, parent.layers, self.index)


@dataclass(frozen=True)
class Reparameterize(Edit):
    """One hyperparameter of the layer gets another value."""

    index: int
    name: str
    value: Any
    kind: ClassVar[str] = "reparameterize"

    def edited(self, layers: LayerChain) -> LayerChain:
        target = layer_at(layers, self.index)
        names = [field.name for field in fields(target)]  # type: ignore[arg-type]
        if self.name not in names:
            known = ", ".join(names) or "none"
            message = f"{target.kind} has no hyperparameter {self.name!r}; known: {known}."
            raise InvalidArchitecture(message, self.index)
        changed = replace(target, **{self.name: self.value})  # type: ignore[type-var]
        return spliced(layers, self.index, self.index + 1, changed)

    def sentence(self, parent: Chain) -> str:
        """The change to the parent in words.

        >>> from remap_core.space.layers import Conv2d
        >>> parent = Architecture((1, 8, 8), 10, (Conv2d(3, 32),))
        >>> Reparameterize(0, "filters", 64).sentence(parent)
        'Changed layer 1 (Conv 32x3) to 64 filters'
        """
        layer_at(parent.layers, self.index)
        new = _value_text(self.name, self.value)
        return change_sentences.changed(parent.layers, self.index, new)


@dataclass(frozen=True)
class Merge(Edit):
    """So many layers from `index` on become one. `merges.merges` finds those that together are one linear layer."""

    index: int
    layers: int
    layer: Layer
    kind: ClassVar[str] = "merge"

    def edited(self, layers: LayerChain) -> LayerChain:
        self._require_layers(layers)
        return spliced(layers, self.index, self.index + self.layers, self.layer)

    def sentence(self, parent: Chain) -> str:
        """The change to the parent in words.

        >>> from remap_core.space.layers import Dense
        >>> Merge(0, 2, Dense(16)).sentence(Architecture((1, 8, 8), 10, (Dense(64), Dense(16))))
        'Merged layers 1 and 2 (Dense 64, Dense 16) into Dense 16'
        """
        self._require_layers(parent.layers)
        return change_sentences.merged(parent.layers, self.index, self.layers, self.layer)

    def _require_layers(self, layers: LayerChain) -> None:
        layer_at(layers, self.index)
        if type(self.layers) is not int or not 2 <= self.layers <= len(layers) - self.index:
            chain = pluralize(len(layers), "layer")
            message = f"A merge needs at least 2 layers, but got {self.layers} from layer {self.index + 1} of {chain}."
            raise InvalidArchitecture(message, self.index)


EDITS: dict[str, type[Edit]] = {
    Remove.kind: Remove,
    Replace.kind: Replace,
    Prepend.kind: Prepend,
    Reparameterize.kind: Reparameterize,
    Merge.kind: Merge,
}


def edit_from_json(form: object) -> Edit:
    """The edit of its stored form; raises InvalidTrial for anything else.

    >>> edit_from_json({"edit": "remove", "index": 2})
    Remove(index=2)
    """
    if not isinstance(form, Mapping) or form.get("edit") not in list(EDITS):
        known = ", ".join(EDITS)
        raise InvalidTrial(f"An edit must be an object whose edit is one of {known}, but got {form!r:.80}.")
    cls = EDITS[form["edit"]]
    names = {field.name for field in fields(cls)}  # type: ignore[arg-type]
    values = {name: value for name, value in form.items() if name != "edit"}
    if values.keys() != names or type(values["index"]) is not int:
        expected = ", ".join(sorted(names))
        raise InvalidTrial(f"The edit {cls.kind} has {expected}, but got {form!r:.80}.")
    if "layer" in values:
        values["layer"] = layer_from_json(values["layer"])
    return cls(**values)


def apply_all(parent: Architecture, edits: Iterable[Edit]) -> Architecture:
    """The child after all edits, each applied to the result of the one before; raises InvalidArchitecture."""
    child = parent
    for edit in edits:
        child = edit.apply(child)
    return child


def sentences(parent: Chain, edits: Iterable[Edit]) -> list[str]:
    """The edits in words, in order. Positions are those of the chain that each is applied to, valid or not."""
    words = []
    chain = Layers(parent.layers)
    for edit in edits:
        words.append(edit.sentence(chain))
        chain = Layers(edit.edited(chain.layers))
    return words


@dataclass(frozen=True)
class Candidate:
    """A possible child of a parent: its edits, and the architecture, or None with the reason."""

    edits: tuple[Edit, ...]
    child: Architecture | None
    reason: str = ""


def candidate(parent: Architecture, *edits: Edit) -> Candidate:
    """The candidate after the edits; an impossible one has a reason, which counts layers from 1."""
    layers = parent.layers
    try:
        for edit in edits:
            layers = edit.edited(layers)
            mismatch = shape_mismatch(parent.input_shape, layers)
            if mismatch:
                return Candidate(edits, None, mismatch.sentence)
        return Candidate(edits, apply_all(parent, edits))
    except InvalidArchitecture as error:
        return Candidate(edits, None, str(error))


def ablations(
    parent: Architecture,
    indices: Iterable[int] | None = None,
) -> tuple[Candidate, ...]:
    """One candidate for each layer in `indices` (all layers by default), in order: the parent without that layer."""
    if indices is None:
        indices = range(len(parent.layers))
    edits = [Remove(index) for index in indices]
    return tuple(candidate(parent, edit) for edit in edits)


def _value_text(name: str, value: object) -> str:
    """A hyperparameter's new value in words.

    >>> _value_text("filters", 64), _value_text("kernel_size", 5), _value_text("function", "relu")
    ('64 filters', 'kernel size 5', 'ReLU')
    """
    if name in ("filters", "units"):
        return f"{value} {name}"
    if name == "squeeze_excite":
        return "squeeze-excite on" if value else "squeeze-excite off"
    if name == "function":
        return FUNCTION_NAMES.get(str(value), str(value))
    return f"{name.replace('_', ' ')} {value}"
