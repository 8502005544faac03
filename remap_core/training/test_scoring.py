"""A finished model on the sealed test images, from the weights that its training has left."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from torch import Tensor

from remap_core.datasets.dataset import Dataset
from remap_core.errors import TrainingFailed
from remap_core.training.checkpoints import Artifacts
from remap_core.training.device_data import Scale, moved
from remap_core.training.learner import Learner
from remap_core.training.tensor_files import read_tensors
from remap_core.trials.evaluation import SealedScore
from remap_core.trials.trial import Trial


def score_sealed(trial: Trial, dataset: Dataset, *, device: str, folder: Path) -> SealedScore:
    """What the model in `folder`/weights.safetensors does on the data set's test images.

    Raises TrainingFailed where there are no weights, where they cannot be read or are another model's, and where the
    images are not of the kind that it was trained on.
    """
    path = Artifacts(folder, trial).weights
    weights, scale = _read_weights(path, trial)
    if (trial.architecture.input_shape, trial.architecture.classes) != (dataset.input_shape, dataset.classes):
        raise TrainingFailed(f"The images of {dataset.name} are not of the shape and classes that the model is for.")
    learner = Learner.begin(trial.architecture, 0, device)
    try:
        learner.network.load_state_dict(weights)
    except RuntimeError as error:
        raise TrainingFailed(f"{path} does not hold the tensors of model {trial.id}.") from error
    score, predicted = learner.judge(moved(dataset.test, scale, device), lambda: False)
    return SealedScore(len(predicted), int((predicted == dataset.test.labels).sum()), score.loss)


def _read_weights(path: Path, trial: Trial) -> tuple[dict[str, Tensor], Scale]:
    if not path.is_file():
        raise TrainingFailed(f"Model {trial.id} has no weights: {path} is not there.")
    try:
        weights, described = read_tensors(path)
        _require_same_model(path, described, trial)
        return weights, _scale(json.loads(described["scale"]))
    except (OSError, SafetensorError, ValueError, KeyError, TypeError) as error:
        raise TrainingFailed(f"{path} cannot be read: {type(error).__name__}: {error}.") from error


def _require_same_model(path: Path, described: dict[str, str], trial: Trial) -> None:
    proposal = trial.proposal
    written = json.loads(described["architecture"]), described["dataset"]
    if written != (proposal.architecture.to_json(), proposal.dataset):
        raise TrainingFailed(f"{path} holds the weights of another model than {trial.id}.")


def _scale(form: dict[str, Any]) -> Scale:
    return Scale(tuple(form["mean"]), tuple(form["deviation"]))
