"""What leaves lie on: tiles of paper, soil, grass, stone and wood, in colour."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.random import RandomState
from numpy.typing import ArrayLike

from remap_core.datasets.readers.leaves.polygons import Floats, blurred, filled, mean_along, ribbon

TILE = 176
"""Side of a tile in pixels; images are painted on a part of one."""
_PEBBLES = 30
_BLADES = 260
_SLABS = 14
_BOARD = 68
_JOINT = 3
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
    colour = _mixed((238, 232, 220), (222, 226, 230), random.uniform(0, 1))
    shade = 10 * _noise(random, 20) + 4 * _noise(random, 1)
    return colour + shade[..., np.newaxis]


def _soil(random: RandomState) -> Tile:
    lumps = _noise(random, 9) + 0.8 * _noise(random, 3) + 0.5 * _noise(random, 1)
    tile = _mixed((58, 40, 28), (142, 108, 78), 0.5 + 0.3 * lumps)
    for _ in range(_PEBBLES):
        at = random.uniform(0, TILE, 2)
        size = random.uniform(1.5, 5)
        pebble = at + size * np.array(_PEBBLE) * random.uniform(0.8, 1.2, (8, 2))
        shadow = pebble + np.array((1, 1.5))
        _fill(tile, shadow, (34, 24, 17))
        _fill(tile, pebble, random.uniform(90, 190) + np.array((6, 0, -8)))
    return tile


def _grass(random: RandomState) -> Tile:
    dryness = random.uniform(0, 0.8)
    tile = _mixed((26, 44, 20), (54, 84, 36), 0.5 + 0.3 * _noise(random, 8))
    for number in range(_BLADES):
        root = random.uniform(-20, TILE + 20, 2)
        lean = random.uniform(-24, 24)
        rise = random.uniform(24, 56)
        blade = np.array([(0, 0), (0.35 * lean, -0.55 * rise), (lean, -rise)])
        colour = _mixed((104, 150, 70), (186, 174, 100), dryness * random.uniform(0, 1))
        height = 0.25 + 0.75 * number / _BLADES
        light = height * random.uniform(0.75, 1.1)
        _fill(tile, ribbon(root + blade, (5.5, 4, 0.4)), light * colour)
    return tile


def _stone(random: RandomState) -> Tile:
    centres = random.uniform(-20, TILE + 20, (_SLABS, 2, 1, 1))
    wobble = np.stack([_noise(random, 10), _noise(random, 10)])
    places = np.indices((TILE, TILE)) + 6 * wobble
    away = places - centres
    distances = np.sqrt(away[:, 0] * away[:, 0] + away[:, 1] * away[:, 1])
    nearest, second = np.partition(distances, 1, axis=0)[:2]
    from_joint = np.clip((second - nearest) / 9, 0, 1)
    colours = random.uniform(118, 186, (_SLABS, 1)) + random.uniform(-9, 9, (_SLABS, 3))
    slabs = colours[distances.argmin(axis=0)]
    grain = 13 * _noise(random, 12) + 8 * _noise(random, 2) + 9 * _noise(random, 0)
    light = 0.45 + 0.55 * from_joint
    tile: Tile = (slabs + grain[..., np.newaxis]) * light[..., np.newaxis]
    return tile


def _wood(random: RandomState) -> Tile:
    fibres = mean_along(random.uniform(-1, 1, (TILE, TILE)), 20, axis=1)
    streaks = mean_along(random.uniform(-1, 1, (TILE, 1)), 3, axis=0)
    shade = 0.5 + 0.7 * streaks + 1.3 * fibres + 0.2 * _noise(random, 12)
    tile = _mixed((112, 74, 46), (196, 150, 104), shade)
    for joint in range(random.randint(20, 60), TILE, _BOARD):
        tile[joint : joint + _BOARD] *= random.uniform(0.85, 1.1)
        tile[joint : joint + _JOINT] *= 0.45
    return tile


GROUNDS: tuple[Callable[[RandomState], Tile], ...] = (_paper, _soil, _grass, _stone, _wood)
"""Each makes one tile; no two are alike."""


def _noise(random: RandomState, radius: int) -> Floats:
    """(TILE, TILE) values, about -1..1, that change over 2 radius + 1 pixels."""
    margin = 2 * radius
    side = TILE + 2 * margin
    values = blurred(random.uniform(-1, 1, (side, side)), radius)
    inner = slice(margin, margin + TILE)
    return values[inner, inner] * (1.3 * radius + 1)


def _fill(tile: Tile, polygon: Floats, colour: ArrayLike) -> None:
    """Paint a polygon on a tile; what is outside is cut off."""
    low = np.floor(polygon.min(axis=0))
    high = np.ceil(polygon.max(axis=0))
    left, top = np.clip(low, 0, TILE).astype(np.intp)
    right, bottom = np.clip(high, 0, TILE).astype(np.intp)
    window = tile[top:bottom, left:right]
    rows, columns, _ = window.shape
    window[filled([polygon - (left, top)], rows, columns)] = colour


def _mixed(first: ArrayLike, second: ArrayLike, share: ArrayLike) -> Floats:
    """A colour between two, or one for each share."""
    start = np.asarray(first, np.float64)
    way = np.asarray(second, np.float64) - start
    return start + np.asarray(share)[..., np.newaxis] * way
