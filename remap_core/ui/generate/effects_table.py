"""The average effect of each kind of edit, over all parent-child pairs of a data set, and how sure it is."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from remap_core.analysis.edit_effects import Effect
from remap_core.analysis.uncertainty import MIN_PAIRS, Spread
from remap_core.drawing.snac.permissions import WORDS
from remap_core.formatting import NOT_AVAILABLE, pluralize, points, points_interval, spread
from remap_core.ui import app_data


def show_effects(dataset: str) -> None:
    """A table of the kinds of edit with mean, spread and interval of their effects, and the pairs behind them."""
    effects = app_data.dataset_view(dataset).edit_effects
    if not effects:
        st.caption("No model has a finished child yet.")
        return
    kinds = [effect for effect in effects if not effect.target]
    pairs = sum(kind.pairs for kind in kinds)
    st.caption(
        f"Child minus parent over {pluralize(pairs, 'parent-child pair')} trained alike: mean ± standard deviation.",
        help=_how_sure(kinds),
    )
    by_layer_kind = st.toggle("By layer kind", key="generate-effects-detail")
    shown = effects if by_layer_kind else kinds
    rows = [_row(effect) for effect in shown]
    st.dataframe(rows, key="generate-effects", hide_index=True, alt="Average effect of each kind of edit.")


def _how_sure(kinds: Sequence[Effect]) -> str:
    """What the interval is, and what makes a difference noise."""
    within = "the interval holds 0"
    if any(kind.seed_band is not None for kind in kinds):
        within += ", or repeated models differ as much between seeds alone"
    return (
        "The interval is Student's 95 % confidence interval of the mean accuracy, "
        f"for {MIN_PAIRS} pairs or more. Within noise: {within}."
    )


def _row(effect: Effect) -> dict[str, str | int]:
    edit = WORDS.get(effect.edit, effect.edit)
    target = effect.target.replace("_", " ").replace("2d", "")
    return {
        "Edit": f"{edit} {target}".strip(),
        "Pairs": effect.pairs,
        "Accuracy": _accuracy_text(effect.accuracy, effect.pairs),
        "95 % interval": _interval_text(effect.accuracy),
        "Verdict": _verdict(effect),
        "Parameters": _relative_text(effect.parameters, effect.pairs),
        "Latency": _relative_text(effect.latency, effect.pairs),
    }


def _accuracy_text(difference: Spread, pairs: int) -> str:
    """A mean difference of accuracies in points, with its spread if there are several pairs.

    >>> _accuracy_text(Spread(-0.031, 0.02, 4), 4)
    '−3.1 points ± 2.0'
    """
    return _with_spread(points(difference.mean), difference, pairs)


def _interval_text(difference: Spread) -> str:
    """The confidence interval of a mean difference, in points; "n/a" for too few pairs.

    >>> _interval_text(Spread(0.02, 0.01, 4)), _interval_text(Spread(0.02, 0.01, 2))
    ('+0.4 to +3.6', 'n/a')
    """
    if difference.interval is None:
        return NOT_AVAILABLE
    return points_interval(*difference.interval)


def _verdict(effect: Effect) -> str:
    """What is known about the accuracy: better, worse, noise, or nothing yet."""
    if effect.is_noise:
        return "within noise"
    if effect.accuracy.interval is None:
        return "too few pairs"
    return "better" if effect.accuracy.mean > 0 else "worse"


def _relative_text(difference: Spread, pairs: int) -> str:
    """A mean relative difference in percent, with its spread if there are several pairs.

    >>> _relative_text(Spread(0.5, 0.0, 1), 1)
    '+50.0 %'
    """
    return _with_spread(f"{100 * difference.mean:+.1f} %", difference, pairs)


def _with_spread(mean: str, difference: Spread, pairs: int) -> str:
    if difference.mean != difference.mean:
        return NOT_AVAILABLE
    if pairs == 1:
        return mean
    return f"{mean} {spread(difference.deviation)}"
