"""What speaks for an answer, drawn over its image: orange where hiding costs probability, blue where it adds some."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageColor

from remap_core.drawing.palette import SELECTION, UNFINISHED

SPEAKS_FOR, SPEAKS_AGAINST = SELECTION, UNFINISHED
EDGE = 196
"""Pixels of an enlarged image's longer edge, at most; a whole factor, so that its pixels stay sharp."""

LEAST = 0.05
"""Change of probability that has the full colour where none is larger: noise is not to look like a reason."""

_OPACITY = 0.85


def enlarged(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """An image (height, width, channels) by a whole factor; larger ones than 196 pixels as they are."""
    factor = max(1, EDGE // max(image.shape[:2]))
    return image.repeat(factor, axis=0).repeat(factor, axis=1)


def occlusion_overlay(image: NDArray[np.uint8], drops: NDArray[np.float64]) -> NDArray[np.uint8]:
    """The enlarged image in pale grey with its drops in colour, (h, w, 3).

    image: (height, width, 1 or 3). drops: (height, width), see `Occlusion.drop_map`.
    """
    shown = enlarged(image)
    height, width, _ = shown.shape
    grey = 64 + 0.5 * shown.mean(axis=2, keepdims=True)  # neither black nor white, on which colours are not seen
    smooth = Image.fromarray(drops.astype(np.float32)).resize((width, height), Image.Resampling.BILINEAR)
    strength = np.asarray(smooth)[..., np.newaxis] / max(LEAST, abs(drops).max())
    colours = np.where(strength > 0, ImageColor.getrgb(SPEAKS_FOR), ImageColor.getrgb(SPEAKS_AGAINST))
    opacity = _OPACITY * np.minimum(abs(strength), 1)
    blended: NDArray[np.uint8] = np.rint(grey * (1 - opacity) + colours * opacity).astype(np.uint8)
    return blended
