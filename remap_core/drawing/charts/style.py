"""What all figures share: a transparent background, narrow margins, a hover label on which chips can be read."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

import plotly.graph_objects as go

from remap_core.drawing.palette import LABEL_GROUND, LABEL_TEXT, OUTLINE, SELECTION

CLEAR = "rgba(0,0,0,0)"
HOVER = "%{hovertext}<extra></extra>"
"""Hover template of a trace whose `hovertext` is the whole label."""


class EncodedFigure(go.Figure):  # type: ignore[misc]
    """A figure that many pages show and that never changes again: what is sent is made once."""

    @classmethod
    def of(cls, figure: go.Figure) -> EncodedFigure:
        """The figure as it is sent; its traces and layout are not copied."""
        encoded = cls()
        encoded.__dict__["_form"] = figure.to_dict()
        return encoded

    def to_dict(self) -> dict[str, Any]:
        """The figure as Plotly's JSON takes it, its arrays encoded; the same value at every call."""
        form: dict[str, Any] = self.__dict__.get("_form") or super().to_dict()
        return form

    def without_points(self, name: str) -> tuple[EncodedFigure, dict[str, Any]]:
        """The figure with the trace of that name empty, and the points that it had: arrays by the attribute's path.

        A browser that is sent both shows the same as one that is sent the whole figure.
        """
        form = self.to_dict()
        index = next(index for index, trace in enumerate(form["data"]) if trace.get("name") == name)
        trace = dict(form["data"][index])
        trace["marker"] = dict(trace["marker"])
        points = _take_arrays(trace) | _take_arrays(trace["marker"], "marker.")
        parted = EncodedFigure()
        parted.__dict__["_form"] = form | {"data": [*form["data"][:index], trace, *form["data"][index + 1 :]]}
        return parted, points

    def with_meta(self, meta: Any) -> EncodedFigure:
        """The figure with a note in its layout, which shows nothing."""
        form = self.to_dict()
        noted = EncodedFigure()
        noted.__dict__["_form"] = form | {"layout": form["layout"] | {"meta": meta}}
        return noted


def _take_arrays(attributes: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Empty the arrays among the attributes; those that there were by their paths, encoded as they are sent."""
    taken = {}
    for name, value in attributes.items():
        if isinstance(value, list | tuple) or (isinstance(value, dict) and "bdata" in value):
            taken[prefix + name] = value
            attributes[name] = []
    return taken


def base_figure(**layout: Any) -> go.Figure:
    """An empty figure in the common style; `layout` adds to it. Text and grid keep the page theme's colours."""
    frame = {
        "paper_bgcolor": CLEAR,
        "plot_bgcolor": CLEAR,
        "margin": {"l": 8, "r": 8, "t": 8, "b": 8, "pad": 0},
        "hoverlabel": {
            "bgcolor": LABEL_GROUND,
            "bordercolor": OUTLINE,
            "font": {"color": LABEL_TEXT, "size": 13},
            "align": "left",
        },
        "clickmode": "event",
        "modebar": {"bgcolor": CLEAR, "color": OUTLINE, "activecolor": SELECTION},
    }
    return go.Figure(layout={**frame, **layout})


def escape_html(text: str, letters: int = 0) -> str:
    """Text as it was typed, escaped where Plotly would read tags and entities; cut to so many letters, 0 for all.

    >>> escape_html("<b>cats & dogs</b>"), escape_html("a very long name", 10)
    ('&lt;b&gt;cats &amp; dogs&lt;/b&gt;', 'a very lo…')
    """
    shown = " ".join(text.split())
    if letters and len(shown) > letters:
        shown = shown[: letters - 1] + "…"
    return escape(shown, quote=False)


def axis(title: str, **more: Any) -> dict[str, Any]:
    """An axis whose margin grows with its tick labels, its title close to them."""
    return {"title": {"text": title, "standoff": 8}, "automargin": True, **more}


def percent_axis(title: str, **more: Any) -> dict[str, Any]:
    """An axis of shares (0..1) with percent ticks as fine as the zoom needs."""
    return axis(title, tickformat=".3~%", **more)


def class_axis(names: Sequence[str], *, letters: int, limit: int | None = None, down: bool = False) -> dict[str, Any]:
    """Ticks with class names at 0, 1, ...; names are cut to `letters`; above `limit` classes only every nth is named.

    down: the first class is at the top.
    """
    step = 1
    if limit:
        step = max(1, -(-len(names) // limit))
    named = range(0, len(names), step)
    ends = [-0.5, len(names) - 0.5]
    if down:
        ends.reverse()
    return {
        "tickvals": list(named),
        "ticktext": [escape_html(names[index], letters) for index in named],
        "range": ends,
        "showgrid": False,
        "zeroline": False,
    }
