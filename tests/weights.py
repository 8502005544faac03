"""Weights as a training leaves them, of models that were never trained."""

import numpy as np
from safetensors.numpy import save

from remap_core.catalogue.snapshot import open_snapshot
from remap_core.data_folder.folder import DataFolder
from remap_core.exports.finished_model import FinishedModel
from remap_core.space.architecture import Architecture
from remap_core.space.text import parse_layers
from remap_core.training.checkpoints import Artifacts
from remap_core.training.device_data import Scale
from remap_core.training.learner import Learner


def leave_weights(folder: DataFolder, model: int) -> None:
    """The first weights of a grey model, where a training leaves its last ones."""
    trial = open_snapshot(folder).trial(model)
    learner = Learner.create(trial.architecture, 0, "cpu")
    Artifacts(folder.weights(model).parent, trial).finish(learner, Scale((100.0,), (60.0,)), [])


def finished_untrained(
    chain: str, *, names: tuple[str, ...] = ("a", "b", "c"), file: bytes | None = None
) -> FinishedModel:
    """A grey model of 8 x 8 images with its first weights; file: what stands where its weights file is."""
    network = Architecture((1, 8, 8), len(names), parse_layers(chain))
    learner = Learner.create(network, 0, "cpu")
    state = learner.network.state_dict().items()
    tensors = {name: np.array(tensor.numpy(), order="C") for name, tensor in state}  # safetensors takes no strides
    content = save(tensors) if file is None else file
    return FinishedModel(1, network, "toy", names, tensors, content, (100.0,), (60.0,), {"validation": 0.5})
