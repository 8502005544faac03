"""A draft: an architecture while it is handcrafted, whether it fits together yet or not, with undo and redo."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, fields, replace
from itertools import groupby, zip_longest
from typing import Any

from remap_core.errors import InvalidArchitecture
from remap_core.space.alignment import Change, Pair, align
from remap_core.space.architecture import Architecture
from remap_core.space.edits import Candidate, Edit, Prepend, Remove, Reparameterize, Replace
from remap_core.space.execution_plan import smallest_equivalent
from remap_core.space.fit import ShapeMismatch, misfit
from remap_core.space.layers import KINDS, Layer, layer_from_json
from remap_core.space.text import parse_layers

MAX_LAYERS = 60
"""Layers of a draft: more than a page could show or a person mean."""

Chain = tuple[Layer, ...]


@dataclass(frozen=True)
class Draft:
    """Layers in the making for the parent's task. past, future: what undo and redo go back to, nearest last.

    Every change gives a new draft; raises InvalidArchitecture where it cannot be made at all. What can be made and
    does not fit together is kept: `misfit` says where.
    """

    parent: Architecture
    layers: Chain
    past: tuple[Chain, ...] = ()
    future: tuple[Chain, ...] = ()

    @classmethod
    def of(cls, parent: Architecture) -> Draft:
        """A draft that is its parent so far."""
        return cls(parent, parent.layers)

    @property
    def misfit(self) -> ShapeMismatch | None:
        """The first layer that does not fit, None where all do."""
        return misfit(self.parent.input_shape, self.layers)

    @property
    def architecture(self) -> Architecture | None:
        """The architecture, None while the draft does not fit together."""
        return None if self.misfit else self.parent.with_layers(self.layers)

    def with_layers(self, layers: Chain) -> Draft:
        """The draft with another chain, which undo takes back."""
        if len(layers) > MAX_LAYERS:
            raise InvalidArchitecture(f"A draft has at most {MAX_LAYERS} layers, but got {len(layers)}.")
        return self if layers == self.layers else Draft(self.parent, layers, (*self.past, self.layers))

    def edited(self, edit: Edit) -> Draft:
        """The draft after an edit."""
        return self.with_layers(edit.edited(self.layers))

    def moved(self, index: int, by: int) -> Draft:
        """The draft with a layer `by` places further right (negative: left), at most to the end of the chain."""
        Remove(index).edited(self.layers)  # refuses what is no layer
        layers = list(self.layers)
        layers.insert(max(0, index + by), layers.pop(index))
        return self.with_layers(tuple(layers))

    def inserted(self, index: int, kind: str, values: Mapping[str, object]) -> Draft:
        """The draft with a new layer before the one at `index`; values may be typed text, as in `reparameterized`."""
        return self.edited(Prepend(index, _layer(KINDS[kind], values)))

    def reparameterized(self, index: int, values: Mapping[str, object]) -> Draft:
        """The draft with a layer's hyperparameters, some as text that was typed: one step, however many they are."""
        Remove(index).edited(self.layers)  # refuses what is no layer
        changed = _layer(type(self.layers[index]), values)
        return self.with_layers((*self.layers[:index], changed, *self.layers[index + 1 :]))

    def pasted(self, text: str) -> Draft:
        """The draft with the chain of a text: words (Conv 32x3, ReLU) or the public JSON form."""
        text = text.strip()
        return self.with_layers(self._of_json(text) if text[:1] in ("{", "[") else parse_layers(text))

    def merged(self) -> Draft:
        """The draft with one layer for linear layers in a row, where that has fewer parameters and all fit together."""
        return self.with_layers(smallest_equivalent(self.architecture).merged.layers) if self.architecture else self

    def undone(self) -> Draft:
        """The draft before the last change; the draft itself where there is none."""
        if not self.past:
            return self
        return replace(self, layers=self.past[-1], past=self.past[:-1], future=(*self.future, self.layers))

    def redone(self) -> Draft:
        """The draft before the last undo; the draft itself where there is none."""
        if not self.future:
            return self
        return replace(self, layers=self.future[-1], past=(*self.past, self.layers), future=self.future[:-1])

    def candidate(self) -> Candidate:
        """The child that the draft is: its difference from the parent as edits, and why there is none yet."""
        edits = edits_between(self.parent.layers, self.layers)
        if self.misfit:
            return Candidate(edits, None, self.misfit.sentence)
        if not edits:
            return Candidate(edits, None, "The draft is the parent as it is.")
        return Candidate(edits, self.architecture)

    def _of_json(self, text: str) -> Chain:
        form = _parsed(text)
        if isinstance(form, Mapping):
            for name, wanted in (("input_shape", list(self.parent.input_shape)), ("classes", self.parent.classes)):
                if form.get(name, wanted) != wanted:
                    raise InvalidArchitecture(f"{name} must be {wanted} as the parent's, but got {form[name]!r:.60}.")
            form = form.get("layers")
        if not isinstance(form, list):
            raise InvalidArchitecture(f"layers must be a list, but got {type(form).__name__}.")
        return tuple(map(layer_from_json, form))


def _layer(kind: type[Layer], values: Mapping[str, object]) -> Layer:
    return kind(**{name: _typed(value) if isinstance(value, str) else value for name, value in values.items()})


def _typed(text: str) -> object:
    """The number that a text is; other text stays, and the layer refuses it where it is none."""
    for number in (int, float):
        with suppress(ValueError):
            return number(text)
    return text


def edits_between(before: Chain, after: Chain) -> tuple[Edit, ...]:
    """Edits that lead from one chain to the other; in between, the layers need not fit together.

    >>> from remap_core.space.text import parse_layers
    >>> edits_between(parse_layers("ReLU, Dense 4"), parse_layers("Tanh, Dense 4, Sigmoid"))
    (Reparameterize(index=0, name='function', value='tanh'), Prepend(index=2, layer=Activation(function='sigmoid')))
    """
    return tuple(_edits(before, after, align(before, after)))


def _edits(before: Chain, after: Chain, pairs: list[Pair]) -> Iterator[Edit]:
    """From left to right: what stands left of `place` is as in `after` already."""
    place = 0
    for is_gap, run in groupby(pairs, key=lambda pair: pair.before is None or pair.after is None):
        found = list(run)
        if is_gap:
            old = [before[pair.before] for pair in found if pair.before is not None]
            new = [after[pair.after] for pair in found if pair.after is not None]
            yield from _exchanged(place, old, new)
            place += len(new)
        else:
            for pair in found:
                if pair.change is Change.CHANGED:
                    yield from _changed(place, before[pair.before or 0], after[pair.after or 0])
                place += 1


def _exchanged(place: int, old: list[Layer], new: list[Layer]) -> Iterator[Edit]:
    """A run of layers for another one: replaced where their kinds differ, else removed and put in."""
    for gone, come in zip_longest(old, new):
        if come and gone and come.kind != gone.kind:
            yield Replace(place, come)
        else:
            if gone:
                yield Remove(place)
            if come:
                yield Prepend(place, come)
        place += come is not None


def _changed(place: int, old: Layer, new: Layer) -> Iterator[Edit]:
    """One edit a hyperparameter, in an order in which every step is a layer (padding "same" needs an odd kernel)."""
    names = [field.name for field in fields(old)]  # type: ignore[arg-type]
    steps = [
        Reparameterize(place, name, getattr(new, name)) for name in names if getattr(new, name) != getattr(old, name)
    ]
    yield from next((order for order in (steps, steps[::-1]) if _possible(old, place, order)), ())


def _possible(layer: Layer, place: int, steps: list[Reparameterize]) -> bool:
    chain = (layer,) * (place + 1)
    try:
        for step in steps:
            chain = step.edited(chain)
    except InvalidArchitecture:
        return False
    return True


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidArchitecture(f"This cannot be read as JSON: {error}.") from None
