"""What leaves lie on: tiles of paper, soil, grass, stone and wood, in colour."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.random import RandomState
from numpy.typing import ArrayLike

from remap_core.datasets.readers.leaves.polygons import Floats, blurred, filled, mean_along, ribbon

TILE = 176
"""Side of a tile in pixels; images are painted on a part of one."""
_MARGIN = 20
"""Around a tile, in pixels: what stands there reaches into it."""
_CREAM = (238, 232, 220)
_BLUISH = (222, 226, 230)
_DARK_SOIL = (58, 40, 28)
_LIGHT_SOIL = (142, 108, 78)
_PEBBLE_SHADOW = (34, 24, 17)
_WARM = np.array((6, 0, -8))
"""Added to a grey."""
_DEEP_GREEN = (26, 44, 20)
_DARK_GREEN = (54, 84, 36)
_GREEN = (104, 150, 70)
_STRAW = (186, 174, 100)
_DARK_WOOD = (112, 74, 46)
_LIGHT_WOOD = (196, 150, 104)
_PEBBLES = 30
_BLADES = 260
_BLADE_WIDTHS = (5.5, 4, 0.4)
"""From the root to the tip, in pixels."""
_SLABS = 14
_BOARD = 68
_JOINT = 3
_JOINT_LIGHT = 0.45
_PEBBLE = (
    (1, 0),
    (0.7, 0.6),
    (0, 0.8),
    (-0.8, 0.6),
    (-1, 0),
    (-0.6, -0.7),
    (0.1, -0.8),
    (0.8, -0.5),
)

Tile = Floats
"""(TILE, TILE, 3) float64, about 0..255."""


def _paper(random: RandomState) -> Tile:
    tone = random.uniform(0, 1)
    colour = _mixed(_CREAM, _BLUISH, tone)
    large = 10 * _noise(random, 20)
    small = 4 * _noise(random, 1)
    shade = large + small
    return colour + shade[..., np.newaxis]


def _soil(random: RandomState) -> Tile:
    large = _noise(random, 9)
    medium = 0.8 * _noise(random, 3)
    small = 0.5 * _noise(random, 1)
    lumps = large + medium + small
    tile = _mixed(_DARK_SOIL, _LIGHT_SOIL, 0.5 + 0.3 * lumps)
    round_pebble = np.array(_PEBBLE)
    for _ in range(_PEBBLES):
        at = random.uniform(0, TILE, 2)
        size = random.uniform(1.5, 5)
        dents = random.uniform(0.8, 1.2, round_pebble.shape)
        pebble = at + size * round_pebble * dents
        shadow = pebble + np.array((1, 1.5))
        _fill(tile, shadow, _PEBBLE_SHADOW)
        brightness = random.uniform(90, 190)
        _fill(tile, pebble, brightness + _WARM)
    return tile


def _grass(random: RandomState) -> Tile:
    dryness = random.uniform(0, 0.8)
    shade = 0.5 + 0.3 * _noise(random, 8)
    tile = _mixed(_DEEP_GREEN, _DARK_GREEN, shade)
    for number in range(_BLADES):
        root = random.uniform(-_MARGIN, TILE + _MARGIN, 2)
        lean = random.uniform(-24, 24)
        rise = random.uniform(24, 56)
        middle = (0.35 * lean, -0.55 * rise)
        tip = (lean, -rise)
        line = root + np.array([(0, 0), middle, tip])
        straw = dryness * random.uniform(0, 1)
        colour = _mixed(_GREEN, _STRAW, straw)
        # later blades lie above earlier ones, and get more light
        height = 0.25 + 0.75 * number / _BLADES
        light = height * random.uniform(0.75, 1.1)
        blade = ribbon(line, _BLADE_WIDTHS)
        _fill(tile, blade, light * colour)
    return tile


def _stone(random: RandomState) -> Tile:
    centres = random.uniform(-_MARGIN, TILE + _MARGIN, (_SLABS, 2, 1, 1))
    wobble = np.stack([_noise(random, 10), _noise(random, 10)])
    places = np.indices((TILE, TILE)) + 6 * wobble
    away = places - centres
    down = away[:, 0]
    right = away[:, 1]
    distances = np.sqrt(down * down + right * right)
    nearest, second = np.partition(distances, 1, axis=0)[:2]
    from_joint = np.clip((second - nearest) / 9, 0, 1)
    greys = random.uniform(118, 186, (_SLABS, 1))
    tints = random.uniform(-9, 9, (_SLABS, 3))
    colours = greys + tints
    slab_of_pixel = distances.argmin(axis=0)
    slabs = colours[slab_of_pixel]
    large = 13 * _noise(random, 12)
    medium = 8 * _noise(random, 2)
    small = 9 * _noise(random, 0)
    grain = large + medium + small
    light = 0.45 + 0.55 * from_joint
    rough = slabs + grain[..., np.newaxis]
    tile: Tile = rough * light[..., np.newaxis]
    return tile


def _wood(random: RandomState) -> Tile:
    pixels = random.uniform(-1, 1, (TILE, TILE))
    fibres = mean_along(pixels, 20, axis=1)
    rows = random.uniform(-1, 1, (TILE, 1))
    streaks = mean_along(rows, 3, axis=0)
    spots = 0.2 * _noise(random, 12)
    shade = 0.5 + 0.7 * streaks + 1.3 * fibres + spots
    tile = _mixed(_DARK_WOOD, _LIGHT_WOOD, shade)
    first_joint = random.randint(20, 60)
    for joint in range(first_joint, TILE, _BOARD):
        board = tile[joint : joint + _BOARD]
        board *= random.uniform(0.85, 1.1)
        board[:_JOINT] *= _JOINT_LIGHT
    return tile


GROUNDS: tuple[Callable[[RandomState], Tile], ...] = (_paper, _soil, _grass, _stone, _wood)
"""Each makes one tile; no two are alike."""


def _noise(random: RandomState, radius: int) -> Floats:
    """(TILE, TILE) values, about -1..1, that change over 2 radius + 1 pixels."""
    margin = 2 * radius
    side = TILE + 2 * margin
    pixels = random.uniform(-1, 1, (side, side))
    values = blurred(pixels, radius)
    inner = slice(margin, margin + TILE)
    contrast = 1.3 * radius + 1
    return values[inner, inner] * contrast


def _fill(tile: Tile, polygon: Floats, colour: ArrayLike) -> None:
    """Paint a polygon on a tile; what is outside is cut off."""
    low = np.floor(polygon.min(axis=0))
    high = np.ceil(polygon.max(axis=0))
    left, top = np.clip(low, 0, TILE).astype(np.intp)
    right, bottom = np.clip(high, 0, TILE).astype(np.intp)
    window = tile[top:bottom, left:right]
    rows, columns, _ = window.shape
    inside = filled([polygon - (left, top)], rows, columns)
    window[inside] = colour


def _mixed(first: ArrayLike, second: ArrayLike, share: ArrayLike) -> Floats:
    """A colour between two, or one for each share."""
    start = np.asarray(first, np.float64)
    end = np.asarray(second, np.float64)
    way = end - start
    shares = np.asarray(share)[..., np.newaxis]
    return start + shares * way
