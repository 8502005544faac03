"""The second model of the inspect page: ?compare=4 in the URL, chosen from drawer, relatives and baselines."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from remap_core.catalogue.reader import Catalogue
from remap_core.formatting import model_tag
from remap_core.space.baselines.named_baselines import baseline_architectures, baseline_name
from remap_core.trials.trial import Trial, TrialId, TrialState
from remap_core.ui.inspect.lineage_tree import relatives
from remap_core.ui.session import current_session

NONE = 0
"""Stands for no second model: ids start at 1."""


def second_model(catalogue: Catalogue, trial: Trial) -> Trial | None:
    """The model that this one is compared with, None for none."""
    for second in catalogue.trials([current_session().compared or NONE]):
        if second.id != trial.id:
            return second
    return None


def choose_second_model(catalogue: Catalogue, trial: Trial, second: Trial | None) -> None:
    """The choice of the second model; none where there is nothing to choose from."""
    shown = second.id if second else NONE
    options = _options(catalogue, trial, second)
    names = {one.id: baseline_name(one.architecture) for one in _baselines(catalogue, trial)}
    key = f"inspect-compare-{trial.id}-{shown}"
    st.selectbox(
        "Compare with",
        options,
        index=options.index(shown),
        format_func=lambda model: _option_text(model, names),
        key=key,
        on_change=_compare,
        args=(key,),
        disabled=len(options) == 1,
        help=None if len(options) > 1 else "Add another model to the drawer to compare with it.",
        label_visibility="collapsed",
        width=210,
    )


def _options(catalogue: Catalogue, trial: Trial, second: Trial | None) -> list[TrialId]:
    candidates = [
        *catalogue.trials(current_session().drawer),
        *relatives(catalogue, trial),
        *_baselines(catalogue, trial),
    ]
    if second:
        candidates.insert(0, second)
    models = dict.fromkeys(candidate.id for candidate in candidates)
    models.pop(trial.id, None)
    return [NONE, *models]


def _baselines(catalogue: Catalogue, trial: Trial) -> list[Trial]:
    """The models of the data set that are baselines."""
    architecture = trial.architecture
    fitting = baseline_architectures(architecture.input_shape, architecture.classes)
    fingerprints = [baseline.fingerprint for baseline in fitting.values()]
    trained = catalogue.trainings_of(trial.proposal.dataset, fingerprints)
    return [one for one in trained if one.state is TrialState.COMPLETE and not one.proposal.is_retraining]


def _option_text(model: TrialId, names: Mapping[TrialId, str]) -> str:
    if model == NONE:
        return "Compare with: none"
    name = names.get(model)
    return f"Compare with {model_tag(model)}" + (f" {name}" if name else "")


def _compare(key: str) -> None:
    current_session().compared = st.session_state[key] or None
