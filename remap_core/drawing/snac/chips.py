"""SNAC, the Sequential Neural Architecture Chip: an architecture as a row of chips, one per layer and one for the head.

This is the geometry; `svg` and `snac_figure` draw it. Source: Cashman et al., REMAP (TVCG 2019), section 5.5.
Chips are centred on one line, so that the symbols read like a word and the outline shows where the data shrinks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from math import log, prod

from remap_core.drawing.palette import HEAD, chip_appearance, chip_ink
from remap_core.drawing.snac.repeated_blocks import RepeatedBlock
from remap_core.errors import InvalidArchitecture
from remap_core.formatting import count, pluralize
from remap_core.space.architecture import Architecture, LayerCost
from remap_core.space.draft import Draft
from remap_core.space.layers import Glyph, Layer, Shape
from remap_core.space.text import layer_text, layers_text

PAPER_MAX_FILTERS = 128
MIN_HEIGHT = 0.56
"""Height of the smallest chip, in blocks: enough for its symbol."""

DOTS_INSET = 2.0
"""Pixels from a chip's edge to its dotted border: dots are on the fill, so that a dark page does not hide them."""


BAR_WIDTH, BAR_HEIGHT = 0.7, 0.2
"""Of the bar of a barred chip, as shares of the block's edge: so narrow that the chip is not cut in two."""


class Size(Enum):
    """Resolution of a SNAC: edge of a block, gap between blocks, height of a symbol (0: none), all in pixels."""

    STRIP = (7, 1, 0)
    SMALL = (16, 2, 0)
    MEDIUM = (24, 2, 11)
    LARGE = (32, 12, 14)

    def __init__(self, block: int, gap: int, symbol: int) -> None:
        self.block = block
        self.gap = gap
        self.symbol = symbol

    @property
    def pitch(self) -> int:
        """Pixels from the left edge of a block to that of the next."""
        return self.block + self.gap

    @property
    def has_labels(self) -> bool:
        """Whether hyperparameters are written below the blocks, with handles between these."""
        return self is Size.LARGE

    def left(self, position: int) -> float:
        """Pixels from the row's left end to the block at a position (0-based)."""
        return position * self.pitch + self.gap / 2

    def width(self, blocks: int) -> int:
        """Pixels of a row of so many blocks, including half a gap at both ends."""
        return blocks * self.pitch


@dataclass(frozen=True)
class HeightScale:
    """Logarithm of an activation's size (values of one example) between bounds shared by all models of a data set.

    >>> HeightScale(10, 1000).height(100)
    0.5
    """

    low: int
    high: int

    def __post_init__(self) -> None:
        if not 1 <= self.low < self.high:
            raise InvalidArchitecture(f"A height scale needs 1 <= low < high, but got {self.low} and {self.high}.")

    @classmethod
    def of_task(
        cls, input_shape: tuple[int, int, int], classes: int, max_filters: int = PAPER_MAX_FILTERS
    ) -> HeightScale:
        """The scale of a data set: from the head's values up to `max_filters` channels of the input's full size."""
        _, height, width = input_shape
        return cls(classes, max(height * width * max_filters, 2 * classes))

    def height(self, size: int) -> float:
        """0 at `low` and below, 1 at `high` and above, logarithmic between."""
        full_range = log(self.high / self.low)
        share = log(max(size, 1) / self.low) / full_range
        return min(1.0, max(0.0, share))


@dataclass(frozen=True)
class Chip:
    """One layer's tile. x and width are pixels from the row's left end, height is a share (0..1) of the block's edge.

    index: the layer's (0-based), None for the head. symbol: a letter, the name of the glyph, or empty. glyph: drawn
    instead of a letter; the first line is the curve, the others are axes.
    """

    index: int | None
    kind: str
    symbol: str
    x: float
    width: float
    height: float
    label: str
    cost: LayerCost
    glyph: Glyph = ()

    @property
    def text(self) -> str:
        """The layer in words."""
        return self.cost.text

    @property
    def output_shape(self) -> Shape:
        """Shape of one example after the layer."""
        return self.cost.output_shape

    @property
    def colour(self) -> str:
        """Fill."""
        return chip_appearance(self.kind).colour

    @property
    def ink(self) -> str:
        """Colour of the symbol."""
        return chip_ink(self.kind)

    @property
    def border(self) -> str:
        """Colour of the border."""
        return chip_appearance(self.kind).border

    @property
    def dotted(self) -> bool:
        """Whether the border is dotted."""
        return chip_appearance(self.kind).dotted

    @property
    def barred(self) -> bool:
        """Whether the chip has a bar where it is too small for a symbol."""
        return chip_appearance(self.kind).barred


def chips(architecture: Architecture, size: Size, scale: HeightScale | None = None) -> list[Chip]:
    """The row of an architecture, head last; the scale is by default that of its task.

    >>> from remap_core.space.layers import Conv2d, Dense
    >>> row = chips(Architecture((1, 8, 8), 10, (Conv2d(3, 32), Dense(64))), Size.MEDIUM)
    >>> [(chip.symbol, chip.label, chip.x) for chip in row]
    [('C', '32 x 3', 1.0), ('D', '64', 27.0), ('H', '10', 53.0)]
    """
    if scale is None:
        scale = HeightScale.of_task(architecture.input_shape, architecture.classes)
    *costs, head_cost = architecture.costs
    row = []
    for index, (layer, cost) in enumerate(zip(architecture.layers, costs, strict=True)):
        height = _chip_height(scale, cost)
        row.append(_layer_chip(index, layer, size, height, cost))
    height = _chip_height(scale, head_cost)
    head = _head_chip(len(row), architecture.classes, size, height, head_cost)
    return [*row, head]


def draft_chips(draft: Draft, size: Size) -> list[Chip]:
    """The row of a draft, head last.

    Chips from the first layer that does not fit on have the least height, an empty output shape and no costs.
    """
    if draft.architecture:
        return chips(draft.architecture, size)
    fitting = draft.layers
    if draft.mismatch:
        fitting = draft.layers[: draft.mismatch.index]
    row = chips(draft.parent.with_layers(fitting), size)[:-1]
    for layer in draft.layers[len(fitting) :]:
        cost = _unknown_cost(layer_text(layer))
        row.append(_layer_chip(len(row), layer, size, MIN_HEIGHT, cost))
    cost = _unknown_cost("Head")
    head = _head_chip(len(row), draft.parent.classes, size, MIN_HEIGHT, cost)
    return [*row, head]


def snac_alt(architecture: Architecture) -> str:
    """The text alternative: the layers, which can be parsed, then the head and the counts.

    >>> from remap_core.space.layers import Dense
    >>> snac_alt(Architecture((1, 2, 2), 3, (Dense(4),)))
    'Dense 4; head of 3 classes; 35 parameters, 28 multiply-adds'
    """
    layers = layers_text(architecture.layers) or "No layers"
    head = f"head of {count(architecture.classes)} classes"
    parameters = pluralize(architecture.parameters, "parameter")
    multiply_adds = pluralize(architecture.multiply_adds, "multiply-add")
    return f"{layers}; {head}; {parameters}, {multiply_adds}"


def label_lines(label: str, letters: int = 7) -> list[str]:
    """A chip's label in lines of at most so many letters, broken at spaces.

    >>> label_lines("32 x 3"), label_lines("1024 x 11 /2 same")
    (['32 x 3'], ['1024 x', '11 /2', 'same'])
    """
    lines: list[str] = []
    for word in label.split():
        if lines and len(lines[-1]) + 1 + len(word) <= letters:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines


def glyph_box(size: Size) -> tuple[float, float]:
    """Width and height in pixels of a glyph, which is centred on its chip."""
    return 0.58 * size.block, 0.72 * size.symbol


def bracket_ends(row: Sequence[Chip], block: RepeatedBlock) -> tuple[float, float, list[float]]:
    """Where the bracket of a repeated block starts and ends, and the borders between its repetitions, in pixels."""
    first = row[block.first]
    last = row[block.stop - 1]
    borders = []
    for index in range(block.first + block.length, block.stop, block.length):
        left = row[index - 1]
        right = row[index]
        borders.append((left.x + left.width + right.x) / 2)
    return first.x, last.x + last.width, borders


def _layer_chip(index: int, layer: Layer, size: Size, height: float, cost: LayerCost) -> Chip:
    return Chip(
        index=index,
        kind=layer.kind,
        symbol=layer.symbol,
        x=size.left(index),
        width=float(size.block),
        height=height,
        label=layer.chip_label,
        cost=cost,
        glyph=layer.glyph,
    )


def _head_chip(position: int, classes: int, size: Size, height: float, cost: LayerCost) -> Chip:
    return Chip(
        index=None,
        kind=HEAD,
        symbol=chip_appearance(HEAD).symbol,
        x=size.left(position),
        width=float(size.block),
        height=height,
        label=str(classes),
        cost=cost,
    )


def _unknown_cost(text: str) -> LayerCost:
    return LayerCost(text, output_shape=(), parameters=0, multiply_adds=0)


def _chip_height(scale: HeightScale, cost: LayerCost) -> float:
    return MIN_HEIGHT + (1 - MIN_HEIGHT) * scale.height(prod(cost.output_shape))
