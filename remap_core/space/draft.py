"""A draft: an architecture that is being handcrafted, whether it fits together yet or not, with undo and redo."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, fields, replace
from itertools import groupby, zip_longest
from typing import Any

from remap_core.errors import InvalidArchitecture
from remap_core.space.alignment import Change, Pair, align
from remap_core.space.architecture import Architecture, require_length
from remap_core.space.edits import (
    Candidate,
    Edit,
    LayerChain,
    Prepend,
    Remove,
    Reparameterize,
    Replace,
    layer_at,
    spliced,
)
from remap_core.space.execution_plan import smallest_equivalent
from remap_core.space.fit import ShapeMismatch, shape_mismatch
from remap_core.space.layers import KINDS, Layer, layer_from_json
from remap_core.space.text import parse_layers


@dataclass(frozen=True)
class Draft:
    """Layers under construction for the parent's task. past, future: the chains for undo and redo, nearest last.

    Every change returns a new draft; raises InvalidArchitecture for a change that is impossible. A chain that does
    not fit together is kept: `mismatch` says where.
    """

    parent: Architecture
    layers: LayerChain
    past: tuple[LayerChain, ...] = ()
    future: tuple[LayerChain, ...] = ()

    @classmethod
    def of(cls, parent: Architecture) -> Draft:
        """A draft that equals its parent."""
        return cls(parent, parent.layers)

    @property
    def mismatch(self) -> ShapeMismatch | None:
        """The first layer that does not fit, None where all do."""
        return shape_mismatch(self.parent.input_shape, self.layers)

    @property
    def architecture(self) -> Architecture | None:
        """The architecture, None while the draft does not fit together."""
        if self.mismatch:
            return None
        return self.parent.with_layers(self.layers)

    def with_layers(self, layers: LayerChain) -> Draft:
        """The draft with another chain, as one step for undo."""
        if len(layers) > len(self.layers):
            require_length(layers)
        if layers == self.layers:
            return self
        return Draft(self.parent, layers, past=(*self.past, self.layers))

    def edited(self, edit: Edit) -> Draft:
        """The draft after an edit."""
        return self.with_layers(edit.edited(self.layers))

    def moved(self, index: int, by: int) -> Draft:
        """The draft with a layer moved `by` positions to the right (negative: left), at most to an end of the chain."""
        layer = layer_at(self.layers, index)
        others = spliced(self.layers, index, index + 1)
        position = max(0, index + by)
        return self.with_layers(spliced(others, position, position, layer))

    def inserted(
        self,
        index: int,
        kind: str,
        values: Mapping[str, object],
    ) -> Draft:
        """The draft with a new layer before the one at `index`; values may be typed text, as in `reparameterized`."""
        layer = _layer(KINDS[kind], values)
        return self.edited(Prepend(index, layer))

    def reparameterized(
        self,
        index: int,
        values: Mapping[str, object],
    ) -> Draft:
        """The draft with new hyperparameters of a layer, some as typed text: one step, however many they are."""
        kind = type(layer_at(self.layers, index))
        layer = _layer(kind, values)
        return self.with_layers(spliced(self.layers, index, index + 1, layer))

    def pasted(self, text: str) -> Draft:
        """The draft with the chain of a text: words (Conv 32x3, ReLU) or the public JSON form."""
        text = text.strip()
        if text.startswith(("{", "[")):
            return self.with_layers(self._layers_of_json(text))
        return self.with_layers(parse_layers(text))

    def fused(self) -> Draft:
        """The draft with one layer for linear layers in a row where that has fewer parameters.

        Unchanged while the draft does not fit together.
        """
        if self.architecture is None:
            return self
        return self.with_layers(smallest_equivalent(self.architecture).fused.layers)

    def undone(self) -> Draft:
        """The draft before the last change; the draft itself where there is none."""
        if not self.past:
            return self
        return replace(
            self,
            layers=self.past[-1],
            past=self.past[:-1],
            future=(*self.future, self.layers),
        )

    def redone(self) -> Draft:
        """The draft before the last undo; the draft itself where there is none."""
        if not self.future:
            return self
        return replace(
            self,
            layers=self.future[-1],
            past=(*self.past, self.layers),
            future=self.future[:-1],
        )

    def candidate(self) -> Candidate:
        """The draft as a child: its difference from the parent as edits, or the reason why it cannot be one yet."""
        edits = edits_between(self.parent.layers, self.layers)
        mismatch = self.mismatch
        if mismatch:
            return Candidate(edits, None, mismatch.sentence)
        if not edits:
            return Candidate(edits, None, "The draft is the same as its parent.")
        return Candidate(edits, self.architecture)

    def _layers_of_json(self, text: str) -> LayerChain:
        form = _parsed(text)
        if isinstance(form, Mapping):
            _require_same("input_shape", list(self.parent.input_shape), form)
            _require_same("classes", self.parent.classes, form)
            form = form.get("layers")
        if not isinstance(form, list):
            raise InvalidArchitecture(f"layers must be a list, but got {type(form).__name__}.")
        return tuple(map(layer_from_json, form))


def edits_between(before: LayerChain, after: LayerChain) -> tuple[Edit, ...]:
    """Edits that lead from one chain to the other; in between, the layers need not fit together.

    >>> from remap_core.space.text import parse_layers
    >>> edits_between(parse_layers("ReLU, Dense 4"), parse_layers("Tanh, Dense 4, Sigmoid"))
    (Reparameterize(index=0, name='function', value='tanh'), Prepend(index=2, layer=Activation(function='sigmoid')))
    """
    return tuple(_edits(before, after, align(before, after)))


def _edits(
    before: LayerChain,
    after: LayerChain,
    pairs: list[Pair],
) -> Iterator[Edit]:
    """From left to right: the layers before `position` already equal those of `after`."""
    position = 0
    for is_paired, group in groupby(pairs, key=_is_paired):
        run = list(group)
        old = [before[pair.before] for pair in run if pair.before is not None]
        new = [after[pair.after] for pair in run if pair.after is not None]
        if is_paired:
            for index, pair in enumerate(run):
                if pair.change is Change.CHANGED:
                    yield from _reparameterizations(position + index, old[index], new[index])
        else:
            yield from _exchanges(position, old, new)
        position += len(new)


def _is_paired(pair: Pair) -> bool:
    return pair.before is not None and pair.after is not None


def _exchanges(
    position: int,
    old: list[Layer],
    new: list[Layer],
) -> Iterator[Edit]:
    """One run of layers exchanged for another: replaced where their kinds differ, else removed and added."""
    for old_layer, new_layer in zip_longest(old, new):
        if old_layer and new_layer and old_layer.kind != new_layer.kind:
            yield Replace(position, new_layer)
        else:
            if old_layer:
                yield Remove(position)
            if new_layer:
                yield Prepend(position, new_layer)
        if new_layer:
            position += 1


def _reparameterizations(
    position: int,
    old: Layer,
    new: Layer,
) -> Iterator[Edit]:
    """One edit per hyperparameter, in an order in which every step is a valid layer.

    Padding "same" needs an odd kernel: one order may pass through an even kernel with it where the reverse does not.
    """
    steps = []
    for field in fields(old):  # type: ignore[arg-type]
        value = getattr(new, field.name)
        if value != getattr(old, field.name):
            steps.append(Reparameterize(position, field.name, value))
    for order in (steps, steps[::-1]):
        if _is_possible(old, position, order):
            yield from order
            return


def _is_possible(
    layer: Layer,
    position: int,
    steps: list[Reparameterize],
) -> bool:
    layers = (layer,) * (position + 1)
    try:
        for step in steps:
            layers = step.edited(layers)
    except InvalidArchitecture:
        return False
    return True


def _layer(kind: type[Layer], values: Mapping[str, object]) -> Layer:
    arguments = {}
    for name, value in values.items():
        arguments[name] = _typed(value) if isinstance(value, str) else value
    return kind(**arguments)


def _typed(text: str) -> object:
    """The text as a number; other text stays as it is, for the layer to check."""
    for number in (int, float):
        with suppress(ValueError):
            return number(text)
    return text


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidArchitecture(f"The text is not valid JSON: {error}.") from None


def _require_same(
    name: str,
    expected: object,
    form: Mapping[str, object],
) -> None:
    value = form.get(name, expected)
    if value != expected:
        raise InvalidArchitecture(f"{name} must be the parent's, {expected}, but got {value!r:.60}.")
