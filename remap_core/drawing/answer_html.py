"""The answer of a model to one image, as HTML: the image, what speaks for a class, and probabilities as bars."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from remap_core.drawing.thumbnails import png_uri
from remap_core.formatting import count, percent

MAX_BARS = 5
"""Classes with a bar, the most probable ones."""


class Figure(NamedTuple):
    """An image (height, width, 1 or 3) with the words below it."""

    pixels: NDArray[np.uint8]
    caption: str


def figures_html(figures: Sequence[Figure]) -> str:
    """Images side by side, which wrap on a narrow page."""
    parts = "".join(map(_figure, figures))
    return f"<div style='display:flex;flex-wrap:wrap;gap:12px'>{parts}</div>"


def _figure(figure: Figure) -> str:
    height, width, _ = figure.pixels.shape
    caption = escape(figure.caption, quote=True)
    return (
        f"<figure style='margin:0;max-width:{max(width, 150)}px'>"
        f"<img src='{png_uri(figure.pixels)}' alt='{caption}' width='{width}' height='{height}' "
        "style='max-width:100%;height:auto;image-rendering:pixelated;border-radius:3px;display:block'>"
        f"<figcaption style='font-size:12px;overflow-wrap:anywhere'>{caption}</figcaption></figure>"
    )


def bars_html(probabilities: Sequence[float], class_names: Sequence[str]) -> str:
    """A bar for each of the five most probable classes, and a line for the others."""
    order = np.argsort(probabilities)[::-1]
    rows = "".join(_bar(class_names[label], float(probabilities[label])) for label in order[:MAX_BARS])
    others = order[MAX_BARS:]
    if len(others):
        rest = float(sum(probabilities[label] for label in others))
        rows += f"<div style='font-size:12px;opacity:.8'>{count(len(others))} other classes: {percent(rest)}</div>"
    return f"<div style='display:grid;gap:4px;font-size:.875rem'>{rows}</div>"


def _bar(name: str, share: float) -> str:
    name = escape(name, quote=True)
    return (
        "<div style='display:grid;grid-template-columns:minmax(3em,35%) 1fr 4em;gap:8px;align-items:center'>"
        f"<div style='overflow:hidden;text-overflow:ellipsis;white-space:nowrap' title='{name}'>{name}</div>"
        "<div style='background:rgba(125,133,146,.2);border-radius:2px'>"
        f"<div style='background:currentColor;opacity:.6;height:12px;border-radius:2px;width:{100 * share:.1f}%'></div>"
        f"</div><div style='text-align:right;font-variant-numeric:tabular-nums'>{percent(share)}</div></div>"
    )
