"""What each layer of a model contributes, by its ablations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from remap_core.analysis.mcnemar import PairedTest
from remap_core.drawing.charts.layer_contributions import (
    LayerContribution,
    layer_contributions_alt,
    layer_contributions_figure,
)
from remap_core.formatting import model_tag
from remap_core.space.edits import Remove
from remap_core.trials.trial import Origin, Trial, TrialId, TrialState
from remap_core.ui.events.chart_events import draw


def show_contributions(parent: Trial, children: Sequence[Trial], tests: Mapping[TrialId, PairedTest | None]) -> None:
    """A chart of accuracy and parameters that each layer adds; nothing without complete ablations.

    tests: by child, the paired test against the parent. Of several ablations of a layer the newest counts.
    """
    contributions: dict[int, LayerContribution] = {}
    for child in sorted(children, key=lambda child: child.id):
        contribution = _contribution(parent, child, tests[child.id])
        if contribution:
            contributions[contribution.index] = contribution
    if not contributions:
        return
    by_layer = [contributions[index] for index in sorted(contributions)]
    st.markdown(f"##### What each layer of {model_tag(parent.id)} contributes")
    draw(
        layer_contributions_figure(by_layer),
        f"generate-contributions-{parent.id}",
        layer_contributions_alt(by_layer),
    )


def _contribution(parent: Trial, child: Trial, test: PairedTest | None) -> LayerContribution | None:
    """What the layer that a child lacks adds to its parent; None for a child that says nothing about that."""
    if child.state is not TrialState.COMPLETE or child.accuracy is None or parent.accuracy is None:
        return None
    if not child.proposal.config.is_like(parent.proposal.config):
        return None
    match child.proposal.edits:
        case [Remove(index)] if child.proposal.origin is Origin.ABLATION:
            return LayerContribution(
                index,
                parent.architecture.costs[index].text,
                parent.accuracy - child.accuracy,
                parent.architecture.parameters - child.architecture.parameters,
                test.is_noise if test else None,
            )
    return None
