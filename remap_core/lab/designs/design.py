"""A design: an architecture that was not trained yet, and how it is edited."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

from remap_core.drawing.snac.chips import Size, draft_chips
from remap_core.errors import InvalidArchitecture, InvalidArgument
from remap_core.formatting import count, model_name, pluralize
from remap_core.lab import notebook_html
from remap_core.lab.arguments import require_count, require_text, shown
from remap_core.lab.recorded_trial import RecordedTrial
from remap_core.space.architecture import Architecture, LayerCost
from remap_core.space.draft import Draft
from remap_core.space.edit_marks import marks
from remap_core.space.edits import Candidate, Edit, Remove, Replace, sentences
from remap_core.space.layers import Layer
from remap_core.space.text import layers_text, parse_layers
from remap_core.trials.trial import Origin

MAX_TEXT = 60
"""Characters of a chain in a line of text."""


@dataclass(frozen=True, repr=False)
class Design:
    """An architecture that can be trained: its layers, what they cost, and the model it was made from.

    Every method that edits returns a new design and leaves this one alone. Positions count from 0, and negative ones
    from the end, as in lists. A design need not fit together while it is edited: `problem` says what does not fit, and
    training it raises InvalidArchitecture with that sentence. space: name of the search space it was sampled from.
    source: the baseline or the file that it is from.

    >>> net = remap.architecture("Conv 16x3, ReLU, Dense 32", dataset="digits")
    >>> net.insert(2, "MaxPool 2").set(0, filters=8).text
    'Conv 8x3, ReLU, MaxPool 2, Dense 32'
    """

    draft: Draft
    origin: Origin = Origin.HANDCRAFTED
    parent: RecordedTrial | None = None
    candidate: Candidate | None = None
    space: str = ""
    source: str = ""

    @property
    def text(self) -> str:
        """The layers in words, which `remap.architecture` reads back; empty for the head alone."""
        return layers_text(self.draft.layers)

    @property
    def problem(self) -> str:
        """Why the layers do not fit together; empty where they do."""
        mismatch = self.draft.mismatch
        if mismatch is None:
            return ""
        return mismatch.sentence

    @property
    def architecture(self) -> Architecture:
        """The architecture as a value. Raises InvalidArchitecture where the layers do not fit together."""
        if self.draft.architecture is None:
            raise InvalidArchitecture(self.problem)
        return self.draft.architecture

    @property
    def parameters(self) -> int:
        """Number of weights and biases, with those of the head. Raises InvalidArchitecture, like `architecture`."""
        return self.architecture.parameters

    @property
    def multiply_adds(self) -> int:
        """Multiply-accumulate operations for one image. Raises InvalidArchitecture, like `architecture`."""
        return self.architecture.multiply_adds

    @property
    def costs(self) -> tuple[LayerCost, ...]:
        """Output shape, parameters and multiply-adds of each layer, and last of the head.

        >>> remap.architecture("MaxPool 2, Dense 4", dataset="digits").costs[0].output_shape
        (1, 4, 4)
        """
        return self.architecture.costs

    @property
    def edit_steps(self) -> tuple[Edit, ...]:
        """The edits that lead from the parent to this design, as values; none without a parent."""
        if self.parent is None:
            return ()
        candidate = self.candidate or self.draft.candidate()
        return candidate.edits

    @property
    def edits(self) -> list[str]:
        """The edits that lead from the parent to this design, in words; none without a parent."""
        return sentences(self.draft.parent, self.edit_steps)

    def insert(self, position: int, layers: str) -> Design:
        """Put layers, in words, before the one at `position`; before the head where that is the number of layers.

        Raises InvalidArgument for a position that does not exist, InvalidArchitecture for words that are no layers.

        >>> remap.architecture("Dense 32", dataset="digits").insert(0, "Conv 8x3, ReLU").text
        'Conv 8x3, ReLU, Dense 32'
        """
        place = self._position(position, last=len(self.draft.layers))
        chain = list(self.draft.layers)
        chain[place:place] = _layers(layers)
        return self._edited(self.draft.with_layers(tuple(chain)))

    def append(self, layers: str) -> Design:
        """Put layers, in words, before the head. Raises InvalidArchitecture for words that are no layers."""
        return self.insert(len(self.draft.layers), layers)

    def remove(self, position: int) -> Design:
        """Take a layer out. Raises InvalidArgument for a position that does not exist."""
        edit = Remove(self._layer_position(position))
        return self._edited(self.draft.edited(edit))

    def replace(self, position: int, layer: str) -> Design:
        """Exchange a layer for another one, in words.

        Raises InvalidArgument for a position that does not exist, InvalidArchitecture for words that are not one layer.
        """
        place = self._layer_position(position)
        chain = _layers(layer)
        number = len(chain)
        if number != 1:
            raise InvalidArchitecture(f"A layer is replaced by one layer, but got {number}: {layer!r:.60}.")
        if chain[0].kind != self.draft.layers[place].kind:
            edit = Replace(place, chain[0])
            return self._edited(self.draft.edited(edit))
        layers = list(self.draft.layers)
        layers[place] = chain[0]
        return self._edited(self.draft.with_layers(tuple(layers)))

    def set(self, position: int, **hyperparameters: object) -> Design:
        """Change hyperparameters of a layer: kernel_size, filters, stride, padding, expand, squeeze_excite, size,
        units, function or rate.

        Raises InvalidArgument for a position that does not exist, InvalidArchitecture for a hyperparameter that the
        layer does not have or a value that it cannot have.

        >>> remap.architecture("Conv 16x3", dataset="digits").set(0, filters=8, stride=2).text
        'Conv 8x3 stride 2'
        """
        place = self._layer_position(position)
        layer = self.draft.layers[place]
        values = {field.name: getattr(layer, field.name) for field in fields(layer)}  # type: ignore[arg-type]
        for name in hyperparameters:
            if name not in values:
                has = ", ".join(values) or "no hyperparameters"
                raise InvalidArchitecture(f"{layer.title} has {has}, but got {name!r}.")
        return self._edited(self.draft.reparameterized(place, values | hyperparameters))

    def move(self, position: int, by: int) -> Design:
        """Move a layer `by` places towards the head (negative: towards the input), at most to the end of the chain.

        Raises InvalidArgument for a position that does not exist.
        """
        length = len(self.draft.layers)
        require_count("by", by, -length, length)
        return self._edited(self.draft.moved(self._layer_position(position), by))

    def undo(self) -> Design:
        """Take the last edit back; the design itself where there is none."""
        return self._edited(self.draft.undone())

    def redo(self) -> Design:
        """Make the last edit that was taken back again; the design itself where there is none."""
        return self._edited(self.draft.redone())

    def __repr__(self) -> str:
        return f"Design({self._words()}; {self._costs_text()})"

    def _repr_html_(self) -> str:
        row = draft_chips(self.draft, Size.LARGE)
        marked = marks(self.draft.parent, self.edit_steps)
        parts = [notebook_html.heading(self._title(), self._costs_text())]
        if self.problem:
            parts.append(notebook_html.lines([self.problem]))
        parts.append(notebook_html.drawing(row, Size.LARGE, marked))
        parts.append(notebook_html.lines(self.edits))
        if not self.problem:
            parts.append(notebook_html.folded("Output shapes and costs", costs_table(self.costs)))
        return notebook_html.framed(*parts)

    def _title(self) -> str:
        if self.parent is None:
            return "Design"
        parent = model_name(self.parent.id)
        return f"{self.origin.capitalize()} of {parent}"

    def _words(self) -> str:
        text = self.text or "no layers"
        if len(text) <= MAX_TEXT:
            return text
        return f"{text[: MAX_TEXT - 1]}…"

    def _costs_text(self) -> str:
        if self.problem:
            return "does not fit together"
        parameters = pluralize(self.parameters, "parameter")
        multiply_adds = pluralize(self.multiply_adds, "multiply-add")
        return f"{parameters}, {multiply_adds}"

    def _edited(self, draft: Draft) -> Design:
        return replace(self, draft=draft, origin=Origin.HANDCRAFTED, candidate=None, source="")

    def _layer_position(self, position: int) -> int:
        if not self.draft.layers:
            raise InvalidArgument("There is no layer to edit: the design is the head alone.")
        return self._position(position, last=len(self.draft.layers) - 1)

    def _position(self, position: int, last: int) -> int:
        length = len(self.draft.layers)
        place = require_count("position", position, -length, last)
        if place < 0:
            return place + length
        return place


def costs_table(costs: Sequence[LayerCost]) -> notebook_html.Html:
    """The layers with their output shapes, parameters and multiply-adds."""
    rows = []
    for cost in costs:
        shape = " x ".join(map(str, cost.output_shape))
        parameters = count(cost.parameters)
        multiply_adds = count(cost.multiply_adds)
        rows.append((cost.text, shape, parameters, multiply_adds))
    header = ("Layer", "Output", "Parameters", "Multiply-adds")
    return notebook_html.table(header, rows, numbers=(1, 2, 3))


def _layers(text: object) -> tuple[Layer, ...]:
    if not isinstance(text, str):
        raise InvalidArgument(f"Layers are words like 'Conv 32x3, ReLU', but got {shown(text)}.")
    return parse_layers(require_text("layers", text))
