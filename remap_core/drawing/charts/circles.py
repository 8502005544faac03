"""Circles that stand for models: darkness is accuracy, radius the logarithm of the parameters; legends for both."""

from __future__ import annotations

from math import ceil, floor, log10
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from remap_core.drawing.palette import ACCURACY_SCALE, OUTLINE
from remap_core.formatting import compact
from remap_core.trials.population import Floats

RADII = (3.0, 7.0)
"""Pixels of the smallest and the largest circle's radius."""

FADED = 0.2
"""Opacity of a circle that may be looked at, but does not count."""


def circle_marker(
    parameters: NDArray[np.number],
    accuracy: Floats,
    rows: NDArray[np.int64] | None = None,
    *,
    faded: NDArray[np.bool_] | None = None,
    title: str = "Accuracy",
) -> dict[str, Any]:
    """The marker of n models' circles, with the colour bar that explains their darkness.

    rows: draw these alone, as large and as dark as among all. faded: (n,) bool, which to draw paler than the others.
    """
    low, high = accuracy_bounds(accuracy)
    drawn = np.arange(len(parameters)) if rows is None else rows
    return {
        "size": _diameters(parameters[drawn], decades(parameters)),
        "color": accuracy[drawn],
        "cmin": low,
        "cmax": high,
        "colorscale": ACCURACY_SCALE,
        "line": {"color": OUTLINE, "width": 1},
        "opacity": 1 if faded is None or not faded.any() else np.where(faded[drawn], FADED, 1.0),
        "colorbar": _darkness_legend(title),
    }


def radius_legend(parameters: NDArray[np.number]) -> list[go.Scatter]:
    """Two or three traces without points that only show in the legend how large a circle is; none for no model."""
    if not len(parameters):
        return []
    low, high = decades(parameters)
    shown = sorted({low, (low + high) // 2, high})
    sizes = _diameters(np.power(10.0, shown), (low, high))
    return [_radius_entry(10**decade, float(size)) for decade, size in zip(shown, sizes, strict=True)]


def radii(parameters: NDArray[np.number], span: tuple[int, int]) -> Floats:
    """(n,) float64 pixels of radius, linear in log10(parameters) from 10**span[0] to 10**span[1].

    >>> radii(np.array([100, 1_000, 10_000]), (2, 4)).tolist()
    [3.0, 5.0, 7.0]
    """
    logarithms = np.log10(np.maximum(parameters, 1).astype(np.float64))
    return np.asarray(np.interp(logarithms, span, RADII), dtype=np.float64)


def _diameters(parameters: NDArray[np.number], span: tuple[int, int]) -> Floats:
    """In half pixels: where every circle has a size of its own, Plotly needs the square of their number in steps to see
    that all lie within the axis (half a second for 10,000)."""
    return np.round(4 * radii(parameters, span)) / 2


def decades(parameters: NDArray[np.number]) -> tuple[int, int]:
    """The powers of ten that hold all parameters, at least one decade: circles keep their size as models come in.

    >>> decades(np.array([1_610, 412_842])), decades(np.array([], dtype=int))
    ((3, 6), (2, 6))
    """
    if not len(parameters):
        return 2, 6
    low = floor(log10(max(1, int(parameters.min()))))
    return low, max(low + 1, ceil(log10(max(1, int(parameters.max())))))


def accuracy_bounds(accuracy: Floats) -> tuple[float, float]:
    """Accuracies of the palest and the darkest circle, in steps of 5 %; the worst twentieth may lie below.

    >>> accuracy_bounds(np.array([0.81, 0.93])), accuracy_bounds(np.array([]))
    ((0.8, 0.95), (0.0, 1.0))
    """
    known = accuracy[~np.isnan(accuracy)]
    if not len(known):
        return 0.0, 1.0
    low, high = floor(20 * float(np.quantile(known, 0.05))), ceil(20 * float(known.max()))
    return (low if low < high else max(0, low - 1)) / 20, max(1, high) / 20


def _radius_entry(parameters: int, size: float) -> go.Scatter:
    # maxdisplayed leaves out what has no place; else each such point is seen in the corner while circles move
    ring = {
        "size": size,
        "symbol": "circle",
        "maxdisplayed": 1,
        "color": "rgba(0,0,0,0)",
        "line": {"color": OUTLINE, "width": 1.5},
    }
    return go.Scatter(x=[None], y=[None], mode="markers", name=compact(parameters), marker=ring)


def _darkness_legend(title: str) -> dict[str, Any]:
    return {
        "title": {"text": title, "side": "right"},
        "thickness": 10,
        "len": 0.55,
        "x": 1.02,
        "xanchor": "left",
        "y": 1.0,
        "yanchor": "top",
        "tickformat": ".0%",
        "nticks": 5,
        "outlinewidth": 0,
        "xpad": 0,
        "ypad": 0,
    }
