"""SNAC, the Sequential Neural Architecture Chip: an architecture as a row of chips, one a layer, the head last.

Here is only the geometry; `svg` and `snac_figure` draw it. Source: Cashman et al., REMAP (TVCG 2019), section 5.5.
Chips are centred on one line, so that the symbols read like a word and the outline shows where the data shrinks.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from itertools import pairwise
from math import erf, exp, log, prod, sqrt, tanh
from types import MappingProxyType

from remap_core.drawing.palette import CHIP_BORDERS, CHIP_COLOURS, CHIP_INKS, HEAD
from remap_core.drawing.snac.repeated_blocks import RepeatedBlock
from remap_core.errors import InvalidArchitecture
from remap_core.formatting import count, pluralize
from remap_core.space.architecture import Architecture, LayerCost
from remap_core.space.draft import Draft
from remap_core.space.layers import (
    Activation,
    AvgPool2d,
    BatchNorm,
    Conv2d,
    Dense,
    Dropout,
    GlobalAvgPool2d,
    Layer,
    MaxPool2d,
    SeparableConv2d,
    Shape,
)
from remap_core.space.text import layer_text, layers_text

Polyline = tuple[tuple[float, float], ...]
"""Points in the unit square, y upwards."""

PAPER_MAX_FILTERS = 128
SHORTEST = 0.56
"""Height of the smallest chip, so that its symbol still fits."""

DOTS_INSET = 2.0
"""Pixels from a dropout's edge to its dotted border: the dots lie on the fill, so a dark page does not swallow them."""


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
        """Pixels from one block's left edge to the next one's."""
        return self.block + self.gap

    @property
    def has_labels(self) -> bool:
        """Whether hyperparameters are written below the blocks, and handles stand between them."""
        return self is Size.LARGE

    def width(self, blocks: int) -> int:
        """Pixels that a row of so many blocks takes, half a gap at both ends included."""
        return blocks * self.pitch


@dataclass(frozen=True)
class HeightScale:
    """Logarithm of an activation's size (values of one example) on bounds shared by all models of a data set.

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
        share = log(max(size, 1) / self.low) / log(self.high / self.low)
        return min(1.0, max(0.0, share))


@dataclass(frozen=True)
class Chip:
    """One layer's tile. x and width are pixels from the row's left end, height is a share (0..1) of the block's edge.

    index is the layer's (0-based), None for the head. symbol is a letter, the name of a glyph in GLYPHS, or empty.
    """

    index: int | None
    kind: str
    symbol: str
    x: float
    width: float
    height: float
    label: str
    cost: LayerCost

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
        return CHIP_COLOURS[self.kind]

    @property
    def ink(self) -> str:
        """Colour of the symbol."""
        return CHIP_INKS[self.kind]

    @property
    def border(self) -> str:
        """Colour of the border."""
        return CHIP_BORDERS[self.kind]

    @property
    def dotted(self) -> bool:
        """Whether the border is dotted: some activations are dropped."""
        return self.kind == Dropout.kind

    @property
    def glyph(self) -> tuple[Polyline, ...]:
        """What is drawn instead of a letter; the first line is the curve, more are axes."""
        return GLYPHS.get(self.symbol, ())


def chips(architecture: Architecture, size: Size, scale: HeightScale | None = None) -> list[Chip]:
    """The row of an architecture, head last; without a scale that of its own task.

    >>> from remap_core.space.layers import Conv2d, Dense
    >>> row = chips(Architecture((1, 8, 8), 10, (Conv2d(3, 32), Dense(64))), Size.MEDIUM)
    >>> [(chip.symbol, chip.label, chip.x) for chip in row]
    [('C', '32 x 3', 1.0), ('D', '64', 27.0), ('H', '10', 53.0)]
    """
    scale = scale or HeightScale.of_task(architecture.input_shape, architecture.classes)
    row = [
        Chip(
            index=index,
            kind=layer.kind,
            symbol=_symbol(layer),
            x=index * size.pitch + size.gap / 2,
            width=float(size.block),
            height=_share_of_block(scale, cost),
            label=_label(layer),
            cost=cost,
        )
        for index, (layer, cost) in enumerate(zip(architecture.layers, architecture.costs, strict=False))
    ]
    return [*row, _head(architecture, size, scale)]


def draft_chips(draft: Draft, size: Size) -> list[Chip]:
    """The row of a draft: where it does not fit together, chips from the misfit on are as low as can be, and have an
    empty output shape and no costs.
    """
    if draft.architecture:
        return chips(draft.architecture, size)
    fitting = draft.layers[: draft.mismatch.index if draft.mismatch else 0]
    row = chips(draft.parent.with_layers(fitting), size)[:-1]
    rest = [_unplaced(index, layer, size) for index, layer in enumerate(draft.layers)]
    head = _unplaced(len(rest), Dense(draft.parent.classes), size)
    return [*row, *rest[len(row) :], replace(head, index=None, kind=HEAD, symbol="H", cost=_UNKNOWN_HEAD)]


_UNKNOWN_HEAD = LayerCost("Head", (), 0, 0)


def _unplaced(index: int, layer: Layer, size: Size) -> Chip:
    x, cost = index * size.pitch + size.gap / 2, LayerCost(layer_text(layer), (), 0, 0)
    return Chip(index, layer.kind, _symbol(layer), x, float(size.block), SHORTEST, _label(layer), cost)


def snac_alt(architecture: Architecture) -> str:
    """The text alternative: the layers, which parse back, then the head and the counts.

    >>> from remap_core.space.layers import Dense
    >>> snac_alt(Architecture((1, 2, 2), 3, (Dense(4),)))
    'Dense 4; head of 3 classes; 35 parameters, 28 multiply-adds'
    """
    layers = layers_text(architecture.layers) or "No layers"
    costs = (
        f"{pluralize(architecture.parameters, 'parameter')}, {pluralize(architecture.multiply_adds, 'multiply-add')}"
    )
    return f"{layers}; head of {count(architecture.classes)} classes; {costs}"


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
    """Width and height in pixels that an activation's glyph fills, centred on its chip."""
    return 0.58 * size.block, 0.72 * size.symbol


def bracket_ends(row: Sequence[Chip], plate: RepeatedBlock) -> tuple[float, float, list[float]]:
    """Where a plate's bracket begins and ends, and where one of its groups ends and the next begins; pixels."""
    edges = [(left.x + left.width + right.x) / 2 for left, right in pairwise(row)]
    inner = range(plate.first + plate.length, plate.stop, plate.length)
    last = row[plate.stop - 1]
    return row[plate.first].x, last.x + last.width, [edges[index - 1] for index in inner]


def _head(architecture: Architecture, size: Size, scale: HeightScale) -> Chip:
    x = len(architecture.layers) * size.pitch + size.gap / 2
    cost = architecture.costs[-1]
    height = _share_of_block(scale, cost)
    return Chip(None, HEAD, "H", x, float(size.block), height, str(architecture.classes), cost)


def _share_of_block(scale: HeightScale, cost: LayerCost) -> float:
    return SHORTEST + (1 - SHORTEST) * scale.height(prod(cost.output_shape))


_LETTERS = MappingProxyType(
    {
        Conv2d.kind: "C",
        SeparableConv2d.kind: "S",
        Dense.kind: "D",
        MaxPool2d.kind: "M",
        AvgPool2d.kind: "A",
        GlobalAvgPool2d.kind: "G",
        BatchNorm.kind: "B",
    }
)
_LABELS = MappingProxyType({GlobalAvgPool2d.kind: "global", BatchNorm.kind: "norm"})
"""Of kinds whose names are too long for a chip."""


def _symbol(layer: Layer) -> str:
    return layer.function if isinstance(layer, Activation) else _LETTERS.get(layer.kind, "")


def _label(layer: Layer) -> str:
    match layer:
        case Conv2d() | SeparableConv2d():
            same = " same" if layer.padding == "same" else ""
            return f"{layer.filters} x {layer.kernel_size}{_stride(layer.stride, 1)}{same}"
        case MaxPool2d() | AvgPool2d():
            return f"{layer.size}{_stride(layer.stride, 2)}"
        case Dense():
            return str(layer.units)
        case Dropout():
            return f"{layer.rate:.3g}"
    return _LABELS.get(layer.kind) or layer_text(layer)


def _stride(stride: int, default: int) -> str:
    return "" if stride == default else f" /{stride}"


def _curve(top: float, bottom: float, steepness: float, steps: int = 12) -> Polyline:
    xs = [step / steps for step in range(steps + 1)]
    return tuple((x, bottom + (top - bottom) * (1 + tanh(steepness * (2 * x - 1))) / 2) for x in xs)


def _gelu(x: float) -> float:
    return x * (1 + erf(x / sqrt(2))) / 2


def _silu(x: float) -> float:
    return x / (1 + exp(-x))


def _dipped(function: Callable[[float], float], steps: int = 16) -> Polyline:
    """A function on -3.3 .. 2.7 with its zero at a fifth of the height and at 0.55 of the width."""
    places = [step / steps for step in range(steps + 1)]
    return tuple((place, 0.2 + 0.28 * function(6 * place - 3.3)) for place in places)


GLYPHS = MappingProxyType(
    {
        "tanh": (_curve(1.0, 0.0, 2.6), ((0.0, 0.5), (1.0, 0.5)), ((0.5, 0.0), (0.5, 1.0))),
        "relu": (((0.0, 0.12), (0.45, 0.12), (1.0, 0.95)),),
        "sigmoid": (_curve(1.0, 0.16, 2.6), ((0.0, 0.0), (1.0, 0.0))),
        "gelu": (_dipped(_gelu), ((0.55, 0.0), (0.55, 1.0))),
        "silu": (_dipped(_silu), ((0.0, 0.2), (1.0, 0.2))),
    }
)
"""Activation glyphs: tanh goes through the crossing of its axes, the sigmoid stays above one, ReLU is a corner. GELU
and SiLU dip below zero before they rise: GELU, short and deep, has the upright axis, SiLU, long and flat, the other.
"""
