"""Leaves in their colours on a ground: painted at three times the size and averaged, which smooths every edge."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.random import RandomState
from numpy.typing import NDArray

from remap_core.datasets.images import Pixels
from remap_core.datasets.readers.leaves.grounds import TILE
from remap_core.datasets.readers.leaves.outlines import Outline
from remap_core.datasets.readers.leaves.polygons import Floats, Mask, Points, blurred, filled

Places = NDArray[np.intp]
"""(n,) in a pattern."""

SIDE = 32
"""Height and width of an image in pixels."""
_FINE = 3
_CANVAS = SIDE * _FINE
_GRID = 160
"""Side of a pattern, in points."""
_EXTENT = 1.5
"""A pattern shows this many leaf lengths."""
_SCALE = _GRID / _EXTENT
_TOP = 1.1
_TILT = 0.6
"""How far leaves are turned from upright, in radians."""
_MOST = 255
_PALE = np.array([[226.0], [220.0], [160.0]])
"""The colour of veins."""
_WARM = np.array((1, 0.2, -1))
"""How warm light changes red, green and blue."""
_RED = (
    (32, 74, 38),
    (66, 122, 44),
    (150, 170, 52),
    (228, 190, 58),
    (226, 128, 40),
    (176, 50, 36),
    (104, 40, 32),
)
"""How a leaf turns red, from summer to winter."""
_YELLOW = (
    (44, 88, 34),
    (92, 146, 52),
    (176, 184, 66),
    (236, 206, 84),
    (214, 160, 66),
    (158, 106, 56),
    (108, 72, 46),
)
_CRIMSON = (
    (36, 76, 44),
    (64, 116, 58),
    (120, 146, 66),
    (196, 160, 62),
    (196, 92, 48),
    (160, 40, 48),
    (92, 28, 44),
)


@dataclass(frozen=True, eq=False)
class Pattern:
    """A flat leaf as a grid, whose points are in a row: (_GRID²,) each.

    inside: bool. shadow, age, light, veins: uint8, of which 255 is the most.
    """

    inside: Mask
    shadow: Pixels
    age: Pixels
    light: Pixels
    veins: Pixels


def pattern_of(outline: Outline, random: RandomState) -> Pattern:
    """Draw a leaf as a grid, with the random spots of its age."""
    blade = _drawn(outline.blade)
    stem = _drawn(outline.stem) & ~blade
    inside = blade | stem
    lines = _drawn(outline.veins) & blade
    marks = _drawn(outline.marks) & blade
    veins = lines + 0.45 * marks
    relief = blurred(veins, 1, times=1)
    interior = blurred(blade.astype(np.float64), 5)
    noise = random.uniform(-1, 1, inside.shape)
    spots = blurred(noise, 5)
    age = 0.85 - 0.75 * interior - 0.3 * relief + 0.9 * spots
    age[stem] = 0.75
    slope = relief - np.roll(relief, 2, axis=1)
    light = 0.55 + 0.18 * interior + 0.5 * slope - 0.12 * stem
    shadow = blurred(inside.astype(np.float64), 2)
    return Pattern(
        inside=inside.ravel(),
        shadow=_bytes(shadow),
        age=_bytes(age),
        light=_bytes(light),
        veins=_bytes(veins),
    )


def painted(pattern: Pattern, tile: Floats, random: RandomState) -> Pixels:
    """Paint a leaf on a part of a ground, (SIDE, SIDE, 3) uint8. tile: (3, TILE, TILE) float64."""
    x, y = _turned(random)
    shadow = _shadow(pattern, x, y, random)
    picture = _part_of(tile, random) * shadow
    points = _points(x, y)
    (on_leaf,) = np.nonzero(pattern.inside[points])
    leaf_points = points[on_leaf]
    picture[:, on_leaf] = _leaf(pattern, leaf_points, x[on_leaf], random)
    clipped = np.clip(picture, 0, _MOST)
    small = _averaged(clipped)
    lit = np.clip(small * _sun(random), 0, _MOST)
    pixels = np.rint(lit).astype(np.uint8)
    return pixels.transpose(1, 2, 0)


def _drawn(polygons: tuple[Points, ...]) -> Mask:
    corner = np.multiply((_EXTENT / 2, _TOP), _SCALE)
    downwards = (_SCALE, -_SCALE)
    on_grid = [polygon * downwards + corner for polygon in polygons]
    return filled(on_grid, _GRID, _GRID)


def _bytes(values: Floats) -> Pixels:
    share = np.clip(values, 0, 1)
    whole = np.rint(_MOST * share)
    return whole.astype(np.uint8).ravel()


def _turned(random: RandomState) -> tuple[Floats, Floats]:
    """Where on the leaf each point of the canvas lies: x across, y along, (_CANVAS²,) each."""
    angle = random.uniform(-_TILT, _TILT)
    length = random.uniform(0.74, 0.98)
    breadth = length * random.uniform(0.82, 1.08)
    bend = random.uniform(-0.3, 0.3)
    right, down = random.uniform(-0.05, 0.05, 2)
    # rounded, as the last bit of a sine may differ between machines
    cosine, sine = np.round([np.cos(angle), np.sin(angle)], 9)
    centres = np.arange(_CANVAS) + 0.5
    steps = centres / _CANVAS - 0.5
    across = steps - right
    along = (steps - down)[:, np.newaxis]
    turned_across = across * cosine + along * sine
    turned_along = across * sine - along * cosine
    x = turned_across / breadth
    y = turned_along / length + 0.42
    from_middle = y - 0.45
    curve = from_middle * from_middle - 0.07
    bent = x + bend * curve
    return bent.ravel(), y.ravel()


def _points(x: Floats, y: Floats) -> Places:
    """Points of a pattern; those at its border stand for all outside."""
    right = (x + _EXTENT / 2) * _SCALE
    down = (_TOP - y) * _SCALE
    column = np.clip(right, 0, _GRID - 1).astype(np.intp)
    row = np.clip(down, 0, _GRID - 1).astype(np.intp)
    return row * _GRID + column


def _part_of(tile: Floats, random: RandomState) -> Floats:
    """A square of a tile, half of the time mirrored, (3, _CANVAS²)."""
    top, left = random.randint(0, TILE - _CANVAS + 1, 2)
    rows = slice(top, top + _CANVAS)
    columns = slice(left, left + _CANVAS)
    part = tile[:, rows, columns]
    if random.randint(2):
        part = part[:, :, ::-1]
    return part.reshape(3, -1)


def _shadow(
    pattern: Pattern,
    x: Floats,
    y: Floats,
    random: RandomState,
) -> Floats:
    """How much light falls on the ground around a leaf, (_CANVAS²,)."""
    right, down = random.uniform(-0.07, 0.07, 2)
    points = _points(x + right, y + down + 0.04)
    shadow = pattern.shadow[points].astype(np.float64)
    brightness = random.uniform(0.8, 1.12)
    depth = random.uniform(0.35, 0.6)
    light: Floats = brightness - depth / _MOST * shadow
    return light


def _leaf(
    pattern: Pattern,
    points: Places,
    x: Floats,
    random: RandomState,
) -> Floats:
    """Colours of points of a leaf, (3, n): by season, darker on one side of the midrib, pale along the veins."""
    season = random.uniform(-0.02, 0.95)
    spread = random.uniform(0.1, 0.45)
    tint = random.uniform(0.88, 1.12, (3, 1))
    tilt = random.uniform(-0.16, 0.16)
    way = random.randint(3)
    ramp = _ramps()[way] * tint
    older = pattern.age[points] / _MOST - 0.3
    age = season + spread * older
    step = np.clip(age * _MOST, 0, _MOST).astype(np.intp)
    blade = ramp[:, step]
    pale = 0.45 / _MOST * pattern.veins[points]
    veined = blade + pale * (_PALE - blade)
    side = np.clip(8 * x, -1, 1)
    own_light = 0.6 / _MOST * pattern.light[points]
    light = 0.62 + own_light + tilt * side
    colours: Floats = veined * light
    return colours


@cache
def _ramps() -> Floats:
    """(3, 3, 256): for each way in which leaves turn the colour of each age."""
    ways = np.array((_RED, _YELLOW, _CRIMSON), np.float64)
    colours = ways.transpose(0, 2, 1)
    last = colours.shape[2] - 1
    place = np.arange(_MOST + 1) * last / _MOST
    before = np.minimum(place.astype(np.intp), last - 1)
    share = place - before
    from_before = colours[..., before] * (1 - share)
    from_next = colours[..., before + 1] * share
    ramps: Floats = from_before + from_next
    return ramps


def _averaged(picture: Floats) -> Floats:
    """(3, SIDE, SIDE): the mean of each square of the canvas."""
    rows: Floats = picture.reshape(3, SIDE, _FINE, _CANVAS)
    # added one by one: the order in which a sum is taken may differ between machines
    top, middle, bottom = np.moveaxis(rows, 2, 0)
    sums = top + middle + bottom
    columns = sums.reshape(3, SIDE, SIDE, _FINE)
    left, centre, right = np.moveaxis(columns, 3, 0)
    squares = left + centre + right
    return np.asarray(squares / _FINE**2, np.float64)


def _sun(random: RandomState) -> Floats:
    """Light that is a little stronger towards one side, warm or cool, (3, SIDE, SIDE)."""
    steps = (2 * np.arange(SIDE) + 1) / SIDE - 1
    to_right, to_bottom = random.uniform(-0.12, 0.12, 2)
    warmth = random.uniform(-0.05, 0.05)
    brightness = random.uniform(0.9, 1.1)
    down = steps[:, np.newaxis]
    light = brightness + to_right * steps + to_bottom * down
    tints = 1 + warmth * _WARM
    sun: Floats = light * tints[:, np.newaxis, np.newaxis]
    return sun
