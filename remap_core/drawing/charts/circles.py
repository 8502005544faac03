"""Circles that stand for models: darkness is accuracy, radius the logarithm of the parameters; legends for both."""

from __future__ import annotations

from math import ceil, floor, log10
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from remap_core.drawing.charts.style import CLEAR
from remap_core.drawing.palette import ACCURACY_SCALE, OUTLINE
from remap_core.formatting import compact
from remap_core.trials.population import Floats

RADII = (3.0, 7.0)
"""Pixels of the smallest and the largest circle's radius."""

MACHINE = "diamond"
"""The symbol of models that the machine chose."""

INHERITED = "triangle-up"
"""The symbol of models that started from their parent's weights: they are not compared with full trainings."""

FADED = 0.2
"""Opacity of a circle that is shown, but does not count."""


def circle_marker(
    parameters: NDArray[np.number],
    accuracy: Floats,
    rows: NDArray[np.int64] | None = None,
    *,
    faded: NDArray[np.bool_] | None = None,
) -> dict[str, Any]:
    """The marker of n models' circles, coloured by the figure's `accuracy_axis`.

    rows: draw these alone, with the sizes and colours that they have among all. faded: (n,) bool, drawn paler.
    """
    if rows is None:
        rows = np.arange(len(parameters))
    return {
        "size": diameters(parameters[rows], decades(parameters)),
        "color": accuracy[rows],
        "coloraxis": "coloraxis",
        "line": {"color": OUTLINE, "width": 1},
        "opacity": _opacity(faded, rows),
    }


def accuracy_axis(accuracy: Floats, title: str, *, dark: bool = False) -> dict[str, Any]:
    """The colour axis of circles: on a light page the darker ones are the more accurate, on a dark page the lighter."""
    lowest, highest = accuracy_bounds(accuracy)
    return {
        "cmin": lowest,
        "cmax": highest,
        "colorscale": ACCURACY_SCALE,
        "reversescale": dark,
        "colorbar": _darkness_legend(title),
    }


def radius_legend(parameters: NDArray[np.number]) -> list[go.Scatter]:
    """Two or three traces without points that show circle sizes in the legend."""
    low, high = decades(parameters)
    shown = sorted({low, (low + high) // 2, high})
    sizes = diameters(np.power(10.0, shown), (low, high))
    return [_radius_entry(10**decade, float(size)) for decade, size in zip(shown, sizes, strict=True)]


def symbols(suggested: NDArray[np.bool_], in_full: NDArray[np.bool_]) -> list[str]:
    """What stands for n models: triangles for those that started from their parent's weights, diamonds for others that
    the machine chose, circles for a person's."""
    chosen = np.where(suggested, MACHINE, "circle")
    return np.where(in_full, chosen, INHERITED).tolist()  # type: ignore[no-any-return]


def symbol_legend(suggested: NDArray[np.bool_], in_full: NDArray[np.bool_]) -> list[go.Scatter]:
    """Traces without points that show the symbols of n models other than the circle."""
    found = []
    if suggested.any():
        found.append(("suggested", MACHINE))
    if not in_full.all():
        found.append(("parent's<br>weights", INHERITED))
    return [_symbol_entry(name, symbol) for name, symbol in found]


def _symbol_entry(name: str, symbol: str) -> go.Scatter:
    entry = _radius_entry(1, 2 * RADII[1])
    entry.update(name=name, marker={"symbol": symbol}, legendrank=1_500)
    return entry


def radii(parameters: NDArray[np.number], span: tuple[int, int]) -> Floats:
    """(n,) float64 pixels of radius, linear in log10(parameters) from 10**span[0] to 10**span[1].

    >>> radii(np.array([100, 1_000, 10_000]), (2, 4)).tolist()
    [3.0, 5.0, 7.0]
    """
    logarithms = np.log10(np.maximum(parameters, 1).astype(np.float64))
    return np.asarray(np.interp(logarithms, span, RADII), dtype=np.float64)


def diameters(parameters: NDArray[np.number], span: tuple[int, int]) -> Floats:
    """(n,) float64 diameters in pixels, rounded to half pixels.

    With a different size for every circle, Plotly takes quadratic time to find out that all lie within the axes (half
    a second for 10,000).
    """
    return np.round(4 * radii(parameters, span)) / 2


def decades(parameters: NDArray[np.number]) -> tuple[int, int]:
    """The powers of ten around all parameters, at least one decade apart: circles keep their size as models come in.

    >>> decades(np.array([1_610, 412_842])), decades(np.array([], dtype=int))
    ((3, 6), (2, 6))
    """
    if not len(parameters):
        return 2, 6
    smallest = max(1, int(parameters.min()))
    largest = max(1, int(parameters.max()))
    low = floor(log10(smallest))
    high = ceil(log10(largest))
    return low, max(low + 1, high)


def accuracy_bounds(accuracy: Floats) -> tuple[float, float]:
    """Accuracies of the lightest and the darkest circle, in steps of 5 %; the worst twentieth may lie below.

    >>> accuracy_bounds(np.array([0.81, 0.93])), accuracy_bounds(np.array([]))
    ((0.8, 0.95), (0.0, 1.0))
    """
    known = accuracy[~np.isnan(accuracy)]
    if not len(known):
        return 0.0, 1.0
    low = floor(20 * float(np.quantile(known, 0.05)))
    high = ceil(20 * float(known.max()))
    if low >= high:
        low = max(0, low - 1)
    return low / 20, max(1, high) / 20


def _opacity(faded: NDArray[np.bool_] | None, rows: NDArray[np.int64]) -> float | Floats:
    if faded is None or not faded.any():
        return 1
    return np.where(faded[rows], FADED, 1.0)


def _radius_entry(parameters: int, size: float) -> go.Scatter:
    ring = {
        "size": size,
        "symbol": "circle",
        "maxdisplayed": 1,  # hides the point, which otherwise shows in the corner while circles move
        "color": CLEAR,
        "line": {"color": OUTLINE, "width": 1.5},
    }
    return go.Scatter(
        x=[None],
        y=[None],
        mode="markers",
        name=compact(parameters),
        marker=ring,
    )


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
