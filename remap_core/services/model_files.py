"""A finished model and its architecture as files."""

from __future__ import annotations

import json
from collections.abc import Iterable

from remap_core.catalogue.reader import Catalogue
from remap_core.data_folder.folder import DataFolder
from remap_core.errors import ExportFailed
from remap_core.exports.finished_model import FinishedModel, read_model
from remap_core.trials.trial import Trial, TrialId, TrialState


def finished_model(catalogue: Catalogue, folder: DataFolder, model: TrialId) -> FinishedModel:
    """A complete model with its weights and accuracies, ready to be exported; raises NotFound or ExportFailed."""
    trial = catalogue.trial(model)
    if trial.state is not TrialState.COMPLETE:
        raise ExportFailed(f"Only complete models are exported, and model {model} is {trial.state}.")
    test = catalogue.sealed_test(model)
    card = catalogue.dataset(trial.proposal.dataset)
    return read_model(folder.weights(model), trial, card, test.score if test else None)


def architectures_json(trials: Iterable[Trial]) -> str:
    """The architectures of models as a JSON list of their public form, as `remap describe` reads it."""
    return json.dumps([trial.architecture.to_json() for trial in trials], indent=1)
