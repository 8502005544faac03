"""The outlines and veins of eight kinds of leaves, as polygons: from the base at (0, 0) to the tip near (0, 1)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.random import RandomState
from numpy.typing import ArrayLike

from remap_core.datasets.readers.leaves.polygons import Floats, Points, placed, ribbon, smoothed

_SIDES = (-1, 1)
_STEM = (0.03, 0.04, 0.046)
"""Widths of a stem from the blade downwards."""
_MIDRIB = (0.034, 0.028, 0.012)
_VEIN = (0.02, 0.01)
_SQUARE = (
    (-1, -1),
    (1, -1),
    (1, 1),
    (-1, 1),
)
_HEART = (
    (0.16, 0.1),
    (0.3, 0.3),
    (0.29, 0.46),
    (0.17, 0.53),
    (0.04, 0.5),
)
_CHEVRON = (
    (-0.2, 0.2),
    (0, 0.34),
    (0.2, 0.2),
    (0.21, 0.28),
    (0, 0.42),
    (-0.21, 0.28),
)
_MAPLE = (
    (0.02, 0.0),
    (0.12, 0.04),
    (0.29, -0.03),
    (0.27, 0.07),
    (0.44, 0.12),
    (0.27, 0.25),
    (0.46, 0.33),
    (0.47, 0.42),
    (0.61, 0.6),
    (0.47, 0.6),
    (0.43, 0.69),
    (0.32, 0.59),
    (0.28, 0.63),
    (0.15, 0.47),
    (0.17, 0.66),
    (0.25, 0.76),
    (0.15, 0.77),
    (0.13, 0.85),
    (0.06, 0.87),
    (0.0, 1.02),
)
_MAPLE_TIPS = (
    (-0.5, 0.55),
    (-0.36, 0.1),
    (0, 0.92),
    (0.36, 0.1),
    (0.5, 0.55),
)


@dataclass(frozen=True, eq=False)
class Outline:
    """A leaf that is flat and upright. marks: pale parts of the blade."""

    blade: tuple[Points, ...]
    veins: tuple[Points, ...]
    stem: tuple[Points, ...]
    marks: tuple[Points, ...] = ()


def _birch(random: RandomState) -> Outline:
    teeth = random.randint(9, 13)
    along = np.linspace(0, 1, 2 * teeth + 1)
    broadest = random.uniform(0.33, 0.42)
    width = broadest * _envelope(along, base=0.42, tip=1.15)
    is_tooth = np.arange(len(along)) % 2 == 1
    depth = np.where(is_tooth, 0.035, -0.012)
    has_room = width > 0.03
    x = width + depth * has_room
    y = along + 0.02 * is_tooth
    blade = _mirrored(random, x, y)
    veins = _feathered(random, along, width, pairs=6)
    return Outline((blade,), veins, _stem(random, 0.3))


def _clover(random: RandomState) -> Outline:
    centre = (0.0, 0.42)
    base = [(0, 0)]
    notch = [(0, 0.43)]
    right = np.array(_HEART)
    left = right[::-1] * (-1, 1)
    corners = np.concatenate([base, right, notch, left])
    heart = smoothed(corners)
    midrib = ribbon([(0, 0), (0, 0.45)], (0.034, 0.012))
    middle = smoothed(_SQUARE)
    blade = [placed(middle, 0, 0.07, centre)]
    veins = []
    marks = []
    spread = random.uniform(1.95, 2.15)
    for leaflet in (-1, 0, 1):
        aside = random.uniform(-0.12, 0.12)
        angle = spread * leaflet + aside
        size = random.uniform(0.95, 1.12)
        blade.append(placed(heart, angle, size, centre))
        veins.append(placed(midrib, angle, size, centre))
        marks.append(placed(_CHEVRON, angle, size, centre))
    bend = random.uniform(-0.06, 0.06)
    line = [centre, (bend, 0), (bend, -0.4)]
    stem = ribbon(line, 0.04)
    return Outline(tuple(blade), tuple(veins), (stem,), tuple(marks))


def _fern(random: RandomState) -> Outline:
    pairs = random.randint(7, 10)
    longest = random.uniform(0.36, 0.46)
    spine = ((0, 0), (0, 0.5), (0, 1))
    midrib = ribbon([(0, 0), (0, 0.8)], (0.05, 0.02))
    blade = [ribbon(spine, (0.05, 0.04, 0.012))]
    veins = [ribbon(spine, (0.03, 0.026, 0.01))]
    for pair in range(pairs):
        along = pair / pairs
        opened = min(1, 0.72 + 1.12 * along)
        length = longest * (1 - along) ** 0.75 * opened
        width = 0.85 / pairs / max(length, 0.1)
        leaflet = _lens(width)
        for side in _SIDES:
            up = 0.02 + 0.95 * along + 0.012 * side
            at = (0.0, up)
            aside = random.uniform(-0.07, 0.07)
            angle = side * (1.28 - 0.45 * along + aside)
            blade.append(placed(leaflet, angle, length + 0.03, at))
            veins.append(placed(midrib, angle, length, at))
    return Outline(tuple(blade), tuple(veins), _stem(random, 0.28))


def _ginkgo(random: RandomState) -> Outline:
    spread = random.uniform(0.95, 1.2)
    angles = np.linspace(-spread, spread, 41)
    phase = random.uniform(0, 6.3)
    frequency = random.uniform(7, 10)
    waves = 0.035 * np.sin(phase + angles * frequency)
    width = random.uniform(0.05, 0.1)
    depth = random.uniform(0.16, 0.42)
    notch = depth * np.exp(-np.abs(angles) / width)
    to_side = angles / spread
    radius = 0.9 - 0.1 * to_side**4 + waves - notch
    circle = np.transpose((np.sin(angles), np.cos(angles)))
    arc = circle * radius[:, np.newaxis]
    left = [(0, -0.02), (-0.04, 0.04), (-0.3, 0.14)]
    right = [(0.3, 0.14), (0.04, 0.04)]
    corners = np.concatenate([left, arc, right])
    blade = smoothed(corners, times=1)
    ray = ribbon([(0, 0.02), (0, 0.86)], (0.012, 0.02))
    outermost = 0.88 * spread
    turns = np.linspace(-outermost, outermost, 12).tolist()
    veins = tuple(placed(ray, turn, 1, (0, 0)) for turn in turns)
    return _reduced(Outline((blade,), veins, _stem(random, 0.5)))


def _holly(random: RandomState) -> Outline:
    spines = random.randint(4, 6)
    along = np.linspace(0, 1, 6 * spines + 1)
    broadest = random.uniform(0.26, 0.33)
    width = broadest * _envelope(along, base=0.62, tip=0.75)
    between_spines = (along * spines + 0.5) % 1
    from_middle = 2 * between_spines - 1
    scallop = 0.62 + 0.55 * from_middle**2
    blade = _mirrored(random, width * scallop, along)
    veins = _feathered(random, along, 0.8 * width, pairs=spines)
    return Outline((blade,), veins, _stem(random, 0.16))


def _maple(random: RandomState) -> Outline:
    scale = random.uniform((0.86, 0.95), (1.04, 1.02))
    half = np.array(_MAPLE) * scale
    moved = half + random.uniform(-0.014, 0.014, half.shape)
    x, y = moved.T
    blade = _mirrored(random, np.maximum(x, 0), y)
    veins = [ribbon([(0, 0), tip], (0.038, 0.012)) for tip in _MAPLE_TIPS]
    for side in _SIDES:
        branch = [(0, 0.42), (0.17 * side, 0.66)]
        veins.append(ribbon(branch, _VEIN))
    return Outline((blade,), tuple(veins), _stem(random, 0.42))


def _oak(random: RandomState) -> Outline:
    lobes = random.randint(4, 6)
    along = np.linspace(0, 1, 12 * lobes + 1)
    broadest = random.uniform(0.31, 0.39)
    width = broadest * _envelope(along, base=1.15, tip=0.55)
    waves = np.sin(np.pi * lobes * along)
    bulge = np.sqrt(np.abs(waves))
    depth = random.uniform(0.42, 0.6)
    bay = depth * (1 - bulge)
    x = width * (1 - bay)
    y = along + 0.22 * x * (1 - along)
    blade = _mirrored(random, x, y)
    veins = _feathered(random, along, 0.8 * width, pairs=lobes)
    return Outline((blade,), veins, _stem(random, 0.14))


def _willow(random: RandomState) -> Outline:
    along = np.linspace(0, 1, 40)
    broadest = random.uniform(0.095, 0.14)
    width = broadest * _envelope(along, base=0.75, tip=1.1)
    blade = _mirrored(random, width, 1.1 * along - 0.05)
    spine = ((0, -0.05), (0, 0.5), (0, 1))
    midrib = ribbon(spine, _MIDRIB)
    return Outline((blade,), (midrib,), _stem(random, 0.14))


SPECIES: dict[str, Callable[[RandomState], Outline]] = {
    "birch": _birch,
    "clover": _clover,
    "fern": _fern,
    "ginkgo": _ginkgo,
    "holly": _holly,
    "maple": _maple,
    "oak": _oak,
    "willow": _willow,
}
"""Draws one leaf of a kind; no two are alike."""


def _envelope(along: ArrayLike, base: float, tip: float) -> Floats:
    """The width of a leaf, at most 1, from its base (0) to its tip (1); an exponent above 1 makes an end pointed."""
    place = np.asarray(along, np.float64)
    widest = base / (base + tip)
    to_base = place / widest
    to_tip = (1 - place) / (1 - widest)
    return to_base**base * to_tip**tip


def _mirrored(random: RandomState, x: Floats, y: Floats) -> Points:
    """A blade from its right half; the left one is a little wider or narrower."""
    right_width, left_width = random.uniform(0.94, 1.06, 2)
    right = np.transpose((x * right_width, y))
    left = np.transpose((-x * left_width, y))
    return np.concatenate([right, left[::-1]])


def _lens(width: float) -> Points:
    """A leaflet from (0, 0) to (0, 1)."""
    along = np.linspace(0, 1, 7)
    line = np.transpose((np.zeros(7), along))
    return ribbon(line, width * _envelope(along, base=0.35, tip=0.6))


def _feathered(
    random: RandomState,
    along: Floats,
    width: Floats,
    pairs: int,
) -> tuple[Points, ...]:
    """A midrib, and veins that leave it on both sides."""
    spine = ((0, 0), (0, 0.5), (0, 0.96))
    veins = [ribbon(spine, _MIDRIB)]
    for pair in range(pairs):
        start = (pair + 0.55) / (pairs + 0.6)
        end = min(start + 0.14, 0.97)
        reach = 0.88 * np.interp(end, along, width)
        for side in _SIDES:
            shift = random.uniform(-0.012, 0.012)
            inner = (0, start + shift)
            outer = (side * reach, end + shift)
            veins.append(ribbon([inner, outer], _VEIN))
    return tuple(veins)


def _stem(random: RandomState, length: float) -> tuple[Points, ...]:
    bend = random.uniform(-0.08, 0.08)
    top = (0, 0.04)
    middle = (0.3 * bend, -0.5 * length)
    end = (bend, -length)
    return (ribbon([top, middle, end], _STEM),)


def _reduced(outline: Outline) -> Outline:
    """The same leaf, smaller and further up: a ginkgo is wider than it is high."""
    return Outline(
        blade=_smaller(outline.blade),
        veins=_smaller(outline.veins),
        stem=_smaller(outline.stem),
    )


def _smaller(polygons: tuple[Points, ...]) -> tuple[Points, ...]:
    return tuple(0.8 * polygon + (0, 0.16) for polygon in polygons)
