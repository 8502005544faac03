"""Weights as a training leaves them, of models that were never trained."""

from remap_core.catalogue.snapshot import open_snapshot
from remap_core.data_folder.folder import DataFolder
from remap_core.training.checkpoints import Artifacts
from remap_core.training.device_data import Scale
from remap_core.training.learner import Learner


def leave_weights(folder: DataFolder, model: int) -> None:
    """The first weights of a grey model, where a training leaves its last ones."""
    trial = open_snapshot(folder).trial(model)
    learner = Learner.create(trial.architecture, 0, "cpu")
    Artifacts(folder.weights(model).parent, trial).finish(learner, Scale((100.0,), (60.0,)), [])
