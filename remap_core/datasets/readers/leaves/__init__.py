"""Leaves: pictures in colour that are made here, so that nothing has to be downloaded to see some."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.random import RandomState

from remap_core.datasets.images import Images, labels_by_class
from remap_core.datasets.readers.leaves.grounds import GROUNDS
from remap_core.datasets.readers.leaves.outlines import SPECIES
from remap_core.datasets.readers.leaves.painting import SIDE, painted, pattern_of

IMAGES_PER_CLASS = 300
_PATTERNS = 12
"""Flat leaves that are drawn of each kind; every image turns, bends and colours one of them."""
_TILES = 3
"""Tiles of each kind of ground."""
_SEED = 1908


@cache
def read_leaves() -> tuple[Images, tuple[str, ...]]:
    """2,400 colour images of 32 x 32, 300 of each of eight kinds of leaves, and the names of the kinds.

    They are painted here, which takes two seconds, and are the same on every machine: numpy never changes the stream
    of a RandomState. The pixels are read-only.
    """
    random = RandomState(_SEED)
    tiles = [make(random) for make in GROUNDS for _ in range(_TILES)]
    grounds = [np.ascontiguousarray(tile.transpose(2, 0, 1)) for tile in tiles]
    labels = labels_by_class([IMAGES_PER_CLASS] * len(SPECIES))
    pixels = np.empty((len(labels), SIDE, SIDE, 3), np.uint8)
    places = iter(range(len(labels)))
    for draw in SPECIES.values():
        patterns = [pattern_of(draw(random), random) for _ in range(_PATTERNS)]
        for number in range(IMAGES_PER_CLASS):
            ground = grounds[random.randint(len(grounds))]
            pattern = patterns[number % _PATTERNS]
            place = next(places)
            pixels[place] = painted(pattern, ground, random)
    pixels.flags.writeable = False
    return Images(pixels, labels), tuple(SPECIES)
