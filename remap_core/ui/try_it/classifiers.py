"""Finished models, ready to answer."""

from __future__ import annotations

import streamlit as st

from remap_core.catalogue.reader import Catalogue
from remap_core.errors import ExportFailed
from remap_core.exports.classifier import Classifier
from remap_core.formatting import model_name
from remap_core.services.model_files import finished_model
from remap_core.trials.trial import Trial, TrialId, TrialState
from remap_core.ui import app_data


def ready_classifier(catalogue: Catalogue, training: Trial) -> Classifier:
    """The exported network of a training; raises ExportFailed where there is none, and MissingPackage."""
    name = model_name(training.model)
    if not training.state.is_finished():
        raise ExportFailed(f"{name} is {training.state}: it can be tried once its training is complete.")
    if training.state is not TrialState.COMPLETE:
        raise ExportFailed(f"Only complete models can be tried, but {name} is {training.state}.")
    weights = app_data.folder().weights(training.id)
    if not weights.is_file():
        raise ExportFailed(f"{name} has no weights in the data folder, so it cannot be tried.")
    return _classifier(str(weights), weights.stat().st_mtime_ns, training.id, catalogue)


@st.cache_resource(max_entries=8, show_spinner=False)
def _classifier(weights: str, written: int, training: TrialId, _catalogue: Catalogue) -> Classifier:  # noqa: ARG001 (keys)
    return Classifier(finished_model(_catalogue, app_data.folder(), training))
