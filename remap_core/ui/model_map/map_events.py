"""What a click, a box or a hover on the map selects, and how the selected model is marked."""

from __future__ import annotations

from contextlib import suppress

import streamlit as st
from streamlit.errors import StreamlitAPIException

from remap_core.drawing.charts.overview_figure import WAITING, selection_points
from remap_core.drawing.charts.projection import Projection
from remap_core.trials.population import Population
from remap_core.trials.trial import TrialId
from remap_core.ui import drawer_state
from remap_core.ui.events.chart_events import Mark, Point, picked_ids
from remap_core.ui.session import current_session
from remap_core.ui.url import write_url
from remap_core.views.view import View

MAX_STACK = 12
"""Circles at one place that are named."""


def selection_marks(population: Population, view: View, projection: Projection) -> list[Mark]:
    """Ring and lines of the selected model, if it is shown."""
    points = selection_points(population, view, current_session().selected or 0, projection)
    return [Mark(trace, x, y) for trace, (x, y) in points.items()]


def waiting_rings(x: list[float], y: list[float]) -> Mark:
    """Dashed rings where waiting trainings are expected."""
    return Mark(WAITING, x, y)


def select(model: TrialId) -> None:
    """Select a model and add it to the drawer; what was hovered no longer counts."""
    current_session().hovered = None
    drawer_state.select(model)


PARTS = ("clicks", "stack", "map", "drawer", "selected")
"""What shows the selection on the overview, as parts of the page."""


def redraw_selection(*, whole: bool = False) -> None:
    """Draw what shows the selection: on the overview these parts alone, else the whole page. For callbacks alone.

    whole: on the overview, too. A whole page has three times the elements.
    """
    if current_session().page == "overview" and not whole:
        write_url()
        with suppress(StreamlitAPIException):  # not all parts are there: the last run was overtaken
            st.rerun(PARTS)
    st.rerun()


def on_click(point: Point) -> None:
    """Select the model of a circle; of circles that lie upon one another, the clicked one, and offer the others."""
    for model in picked_ids([point]):
        select(model)
    stack = [model for model in point.stack if isinstance(model, int)]
    current_session().stack = tuple(stack[:MAX_STACK]) if len(stack) > 1 else ()


def on_brush(points: list[Point]) -> None:
    """Add the models in a box to the drawer."""
    drawer_state.add(picked_ids(points))


def on_hover(point: Point) -> None:
    """Remember which model the pointer rests on."""
    current_session().hovered = next(iter(picked_ids([point])), None)
