"""A finished model and architectures as files."""

from __future__ import annotations

import json
from collections.abc import Iterable

from remap_core.catalogue.reader import Catalogue
from remap_core.data_folder.folder import DataFolder
from remap_core.datasets.dataset import validation_originals
from remap_core.errors import DatasetError, ExportFailed
from remap_core.exports.finished_model import FinishedModel, read_model
from remap_core.exports.original_check import OriginalCheck, check_on_originals
from remap_core.formatting import model_name
from remap_core.trials.trial import Trial, TrialId, TrialState


def exported_training(catalogue: Catalogue, model: Trial) -> Trial:
    """The training whose weights stand for a model elsewhere: the most accurate of its own and those that finished it.

    Of equally accurate ones the last.
    """
    complete = [finish for finish in catalogue.finishes(model.id) if finish.state is TrialState.COMPLETE]
    return max((*reversed(complete), model), key=_last_accuracy)


def _last_accuracy(training: Trial) -> float:
    return training.last.validation_accuracy if training.last else 0.0


def finished_model(catalogue: Catalogue, folder: DataFolder, model: TrialId) -> FinishedModel:
    """A complete model with its weights and accuracies, ready for export; raises NotFound or ExportFailed."""
    trial = catalogue.trial(model)
    if trial.state is not TrialState.COMPLETE:
        raise ExportFailed(f"Only complete models can be exported, but {model_name(model)} is {trial.state}.")
    card = catalogue.dataset(trial.proposal.dataset)
    sealed_test = catalogue.sealed_test(model)
    score = None
    if sealed_test:
        score = sealed_test.score
    return read_model(folder.weights(model), trial, card, score)


def original_check(catalogue: Catalogue, folder: DataFolder, model: FinishedModel) -> OriginalCheck | None:
    """Whether the exported model says of people's own files what its training said; None where there are none."""
    evaluation = catalogue.evaluation(model.id)
    try:
        original = validation_originals(model.dataset, folder.home)
    except DatasetError as error:
        return OriginalCheck(not_run=str(error).rstrip("."))
    if evaluation is None or original is None:
        return None
    return check_on_originals(model, original, evaluation.predictions)


def architectures_json(trials: Iterable[Trial]) -> str:
    """The architectures of models as a JSON list in their public form, which `remap describe` reads."""
    return json.dumps([trial.architecture.to_json() for trial in trials], indent=1)
