"""What each kind of edit did on average, over all parent-child pairs of a data set."""

from __future__ import annotations

import streamlit as st

from remap_core.analysis.edit_effects import Effect, Spread
from remap_core.drawing.snac.permissions import WORDS
from remap_core.formatting import NOT_AVAILABLE, pluralize
from remap_core.ui import app_data


def show_effects(dataset: str) -> None:
    """A table of the kinds of edit with mean and spread of what they changed, and how many pairs say so."""
    found = app_data.dataset_view(dataset).edit_effects
    if not found:
        st.caption("No model has a finished child yet.")
        return
    pairs = sum(one.pairs for one in found if not one.target)
    st.caption(
        f"Over {pluralize(pairs, 'parent-child pair')} of this data set: mean of child minus parent, and the "
        "standard deviation between pairs."
    )
    in_detail = st.toggle("By layer kind", key="generate-effects-detail")
    rows = [_row(one) for one in found if in_detail or not one.target]
    st.dataframe(rows, key="generate-effects", hide_index=True, alt="What each kind of edit changed.")


def _row(one: Effect) -> dict[str, str | int]:
    kind = WORDS.get(one.edit, one.edit)
    return {
        "Edit": f"{kind} {one.target.replace('_', ' ').replace('2d', '')}".strip(),
        "Pairs": one.pairs,
        "Accuracy": _text(one.accuracy, one.pairs, "points"),
        "Parameters": _text(one.parameters, one.pairs, "%"),
        "Latency": _text(one.latency, one.pairs, "%"),
    }


def _text(spread: Spread, pairs: int, unit: str) -> str:
    """A mean with its spread, in hundredths; a single pair has no spread.

    >>> _text(Spread(-0.031, 0.02), 4, "points"), _text(Spread(0.5, 0.0), 1, "%")
    ('-3.1 points ± 2.0', '+50.0 %')
    """
    if spread.mean != spread.mean:
        return NOT_AVAILABLE
    return f"{100 * spread.mean:+.1f} {unit}" + (f" ± {100 * spread.deviation:.1f}" if pairs > 1 else "")
