"""Figures for notebooks: there no page gives text and grid their colours, and the ground may be light or dark."""

from __future__ import annotations

from typing import TypeAlias

import plotly.graph_objects as go

from remap_core.drawing.charts.style import CLEAR
from remap_core.drawing.palette import QUIET_TEXT

Figure: TypeAlias = go.Figure

GRID = "rgba(125,133,146,0.25)"
"""Lines that are faint on white and on black."""

_AXIS = {"gridcolor": GRID, "zerolinecolor": GRID, "linecolor": GRID}


def for_notebook(figure: Figure) -> Figure:
    """The figure, with text and grid that can be read on light and dark pages. Changes the figure that is passed."""
    template = {
        "layout": {
            "font": {"color": QUIET_TEXT},
            "paper_bgcolor": CLEAR,
            "plot_bgcolor": CLEAR,
            "xaxis": _AXIS,
            "yaxis": _AXIS,
            "legend": {"bgcolor": CLEAR},
        }
    }
    figure.update_layout(template=template)
    return figure
