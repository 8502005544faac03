"""The average effect of each kind of edit, over all parent-child pairs of a data set."""

from __future__ import annotations

import streamlit as st

from remap_core.analysis.edit_effects import Effect, Spread
from remap_core.drawing.snac.permissions import WORDS
from remap_core.formatting import NOT_AVAILABLE, pluralize, points, spread
from remap_core.ui import app_data


def show_effects(dataset: str) -> None:
    """A table of the kinds of edit with mean and spread of their effects, and the number of pairs behind them."""
    effects = app_data.dataset_view(dataset).edit_effects
    if not effects:
        st.caption("No model has a finished child yet.")
        return
    kinds = [effect for effect in effects if not effect.target]
    pairs = sum(kind.pairs for kind in kinds)
    st.caption(f"Child minus parent over {pluralize(pairs, 'parent-child pair')}: mean ± standard deviation.")
    by_layer_kind = st.toggle("By layer kind", key="generate-effects-detail")
    shown = effects if by_layer_kind else kinds
    rows = [_row(effect) for effect in shown]
    st.dataframe(rows, key="generate-effects", hide_index=True, alt="Average effect of each kind of edit.")


def _row(effect: Effect) -> dict[str, str | int]:
    edit = WORDS.get(effect.edit, effect.edit)
    target = effect.target.replace("_", " ").replace("2d", "")
    return {
        "Edit": f"{edit} {target}".strip(),
        "Pairs": effect.pairs,
        "Accuracy": _accuracy_text(effect.accuracy, effect.pairs),
        "Parameters": _relative_text(effect.parameters, effect.pairs),
        "Latency": _relative_text(effect.latency, effect.pairs),
    }


def _accuracy_text(difference: Spread, pairs: int) -> str:
    """A mean difference of accuracies in points, with its spread if there are several pairs.

    >>> _accuracy_text(Spread(-0.031, 0.02), 4)
    '−3.1 points ± 2.0'
    """
    return _with_spread(points(difference.mean), difference, pairs)


def _relative_text(difference: Spread, pairs: int) -> str:
    """A mean relative difference in percent, with its spread if there are several pairs.

    >>> _relative_text(Spread(0.5, 0.0), 1)
    '+50.0 %'
    """
    return _with_spread(f"{100 * difference.mean:+.1f} %", difference, pairs)


def _with_spread(mean: str, difference: Spread, pairs: int) -> str:
    if difference.mean != difference.mean:
        return NOT_AVAILABLE
    if pairs == 1:
        return mean
    return f"{mean} {spread(difference.deviation)}"
