"""Score a complete model on the sealed test images, with the weights from its training."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from torch import Tensor

from remap_core.datasets.dataset import Dataset
from remap_core.errors import TrainingFailed
from remap_core.formatting import model_name
from remap_core.training.checkpoints import Artifacts
from remap_core.training.device_data import Scale, images_on_device
from remap_core.training.learner import Learner
from remap_core.training.tensor_files import read_tensors
from remap_core.trials.evaluation import SealedScore
from remap_core.trials.trial import Trial


def score_sealed(
    trial: Trial,
    dataset: Dataset,
    *,
    device: str,
    folder: Path,
) -> SealedScore:
    """Score the weights in `folder`/weights.safetensors on the data set's test images.

    Raises TrainingFailed if there are no weights, if they cannot be read or belong to another model, and if the images
    or their classes do not fit the model.
    """
    path = Artifacts(folder, trial).weights
    weights, scale = _read_weights(path, trial)
    architecture = trial.architecture
    if (architecture.input_shape, architecture.classes) != (dataset.input_shape, dataset.classes):
        raise TrainingFailed(
            f"The images of {dataset.name} do not have the shape and classes that {model_name(trial.id)} is for."
        )
    learner = Learner.create(architecture, 0, device)
    try:
        learner.network.load_state_dict(weights)
    except RuntimeError as error:
        raise TrainingFailed(f"{path} does not hold the tensors of {model_name(trial.id)}.") from error
    images = images_on_device(dataset.test, scale, device)
    score, predictions = learner.evaluate(images, should_stop=lambda: False)
    right = int((predictions == dataset.test.labels).sum())
    return SealedScore(images=len(predictions), right=right, loss=score.loss)


def _read_weights(path: Path, trial: Trial) -> tuple[dict[str, Tensor], Scale]:
    if not path.is_file():
        raise TrainingFailed(f"{model_name(trial.id)} has no weights: {path} does not exist.")
    try:
        weights, metadata = read_tensors(path)
        _require_same_model(path, metadata, trial)
        scale = _scale(json.loads(metadata["scale"]))
    except (OSError, SafetensorError, ValueError, KeyError, TypeError) as error:
        raise TrainingFailed(f"{path} cannot be read: {type(error).__name__}: {error}.") from error
    return weights, scale


def _require_same_model(path: Path, metadata: dict[str, str], trial: Trial) -> None:
    proposal = trial.proposal
    stored = (json.loads(metadata["architecture"]), metadata["dataset"])
    if stored != (proposal.architecture.to_json(), proposal.dataset):
        raise TrainingFailed(f"{path} holds the weights of another model, not of {model_name(trial.id)}.")


def _scale(form: dict[str, Any]) -> Scale:
    return Scale(mean=tuple(form["mean"]), deviation=tuple(form["deviation"]))
