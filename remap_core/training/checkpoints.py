"""The files of one training: a checkpoint while it runs, the weights once it is complete. Never a pickle."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError
from torch import Tensor

from remap_core.errors import InvalidArchitecture, TrainingFailed
from remap_core.space.architecture import Architecture
from remap_core.system.files import PARTIAL, write_file
from remap_core.training.device_data import Scale
from remap_core.training.inheritance.inherited_weights import inherit
from remap_core.training.learner import Learner, seeded
from remap_core.training.tensor_files import read_tensors, tensors_to_bytes
from remap_core.trials.evaluation import EpochResult
from remap_core.trials.trial import Trial

FORMAT = "1"
_PARTIAL_IN_VERSION_0_1_0 = ".partial"

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Artifacts:
    """The folder of one trial. A file is replaced in one step, so it is never seen half written.

    Writing raises TrainingFailed where the file cannot be written.
    """

    folder: Path
    trial: Trial

    @property
    def checkpoint(self) -> Path:
        """Weights, Adam's moments and all results so far, as of the last complete epoch."""
        return self.folder / "checkpoint.safetensors"

    @property
    def weights(self) -> Path:
        """The trained network; the metadata hold its architecture and the scale of its pixels."""
        return self.folder / "weights.safetensors"

    @property
    def start(self) -> Path:
        """The weights that the training starts from, if it does not draw new ones; see `data_folder.start_weights`."""
        return self.folder / "start.safetensors"

    def load_start(self, learner: Learner) -> None:
        """Load the weights that the training starts from into a new learner: its own, or what fits of its parent's.

        Raises TrainingFailed.
        """
        try:
            tensors, metadata = read_tensors(self.start)
        except (OSError, SafetensorError, ValueError) as error:
            raise TrainingFailed(f"The weights that the training starts from cannot be read: {error}") from error
        if self.trial.proposal.inherits:
            self._inherit(learner, tensors, metadata)
            return
        targets = learner.network.state_dict()
        if _shapes(targets) != _shapes(tensors):
            raise TrainingFailed("The weights that the training starts from are not those of its network.")
        _copy(tensors, targets)

    def _inherit(self, learner: Learner, tensors: Mapping[str, Tensor], metadata: Mapping[str, str]) -> None:
        proposal, child = self.trial.proposal, self.trial.architecture
        try:
            parent = Architecture.from_json(json.loads(metadata["architecture"]), is_recorded=True)
            if (parent.input_shape, parent.classes) != (child.input_shape, child.classes):
                raise ValueError("its parent was trained on other images or classes.")
            with seeded("cpu", proposal.config.seed, 0, 1):  # not the numbers of the first weights, nor of an epoch
                inherit(learner.network, child, parent, tensors, proposal.edits)
        except (ValueError, KeyError, InvalidArchitecture) as error:
            raise TrainingFailed(f"The model cannot start from the weights of its parent: {error}") from error

    def save_checkpoint(self, learner: Learner, epochs: Sequence[EpochResult]) -> None:
        """Save all that the next epoch depends on, other than the trial's seed."""
        _write(self.checkpoint, dict(learner.tensors()), self._metadata(epochs))

    def restore(self, learner: Learner) -> list[EpochResult]:
        """Load the checkpoint into a new learner; return the results of the epochs that it covers.

        A training that ended before it could report its result has no checkpoint: its weights are loaded instead. If
        neither file is there, or if it is damaged or belongs to another training, the learner is left unchanged.
        """
        self._delete_partial_files()
        path = self.weights
        if self.checkpoint.exists():
            path = self.checkpoint
        if not path.exists():
            return []
        try:
            return self._load(path, learner)
        except (OSError, SafetensorError, ValueError, KeyError, TypeError) as error:
            _log.warning("%s is ignored, training starts at epoch 1: %s", path, error)
            return []

    def finish(
        self,
        learner: Learner,
        scale: Scale,
        epochs: Sequence[EpochResult],
    ) -> None:
        """Save the weights with what is needed to predict with them, and delete the checkpoint."""
        metadata = self._metadata(epochs)
        metadata["architecture"] = json.dumps(self.trial.architecture.to_json())
        metadata["dataset"] = self.trial.proposal.dataset
        metadata["scale"] = json.dumps(asdict(scale))
        _write(self.weights, learner.network.state_dict(), metadata)
        self.checkpoint.unlink(missing_ok=True)
        self.start.unlink(missing_ok=True)

    def _delete_partial_files(self) -> None:
        for suffix in (PARTIAL, _PARTIAL_IN_VERSION_0_1_0):
            for path in self.folder.glob(f"*{suffix}"):
                path.unlink(missing_ok=True)

    def _load(self, path: Path, learner: Learner) -> list[EpochResult]:
        tensors, metadata = read_tensors(path)
        if metadata.get("training") != self._identity():
            raise ValueError("it belongs to another training.")
        epochs = [EpochResult(**form) for form in json.loads(metadata["epochs"])]
        targets = dict(learner.tensors())
        if path == self.weights:
            targets = learner.network.state_dict()
        if _shapes(targets) != _shapes(tensors):
            raise ValueError("its tensors are not those of the network.")
        _copy(tensors, targets)
        return epochs

    def _metadata(self, epochs: Sequence[EpochResult]) -> dict[str, str]:
        return {
            "training": self._identity(),
            "epochs": json.dumps([asdict(result) for result in epochs]),
        }

    def _identity(self) -> str:
        proposal = self.trial.proposal
        return json.dumps(
            {
                "format": FORMAT,
                "trial": self.trial.id,
                "attempt": self.trial.attempt,
                "fingerprint": proposal.architecture.fingerprint,
                "dataset": proposal.dataset,
                "config": proposal.config.to_json(),
            }
        )


def _copy(tensors: Mapping[str, Tensor], targets: Mapping[str, Tensor]) -> None:
    """In place: fused Adam gives wrong results where a moment and its weight differ in memory layout."""
    for name, target in targets.items():
        target.detach().copy_(tensors[name])


def _shapes(tensors: Mapping[str, Tensor]) -> dict[str, torch.Size]:
    return {name: tensor.shape for name, tensor in tensors.items()}


def _write(path: Path, tensors: Mapping[str, Tensor], metadata: Mapping[str, str]) -> None:
    content = tensors_to_bytes(tensors, metadata)
    try:
        write_file(path, content)
    except OSError as error:
        raise TrainingFailed(f"{path} cannot be written: {error.strerror}.") from error
