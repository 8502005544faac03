"""What a training leaves in its folder: a checkpoint while it runs, the weights when it has ended. Never a pickle."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from safetensors import SafetensorError
from torch import Tensor

from remap_core.errors import TrainingFailed
from remap_core.system.files import PARTIAL, write_file
from remap_core.training.device_data import Scale
from remap_core.training.learner import Learner
from remap_core.training.tensor_files import read_tensors, tensors_to_bytes
from remap_core.trials.evaluation import EpochResult
from remap_core.trials.trial import Trial

FORMAT = "1"

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Artifacts:
    """The folder of one trial. Files appear whole or not at all: written beside, synced, renamed.

    Writing raises TrainingFailed where it cannot be done.
    """

    folder: Path
    trial: Trial

    @property
    def checkpoint(self) -> Path:
        """Weights, moments of Adam and results so far, of the last whole epoch."""
        return self.folder / "checkpoint.safetensors"

    @property
    def weights(self) -> Path:
        """The network at the end; its metadata say what it is made of and how pixels are scaled."""
        return self.folder / "weights.safetensors"

    def save_checkpoint(self, learner: Learner, epochs: Sequence[EpochResult]) -> None:
        """Keep everything that the next epoch depends on, which besides this is only the trial's seed."""
        _write(self.checkpoint, dict(learner.tensors()), self._described(epochs))

    def restore(self, learner: Learner) -> list[EpochResult]:
        """Put a fresh learner where the checkpoint left off; returns the results of the epochs until there.

        Where the training had ended, but nobody was told, there is no checkpoint and the weights are as good. Without
        either, or with one that is damaged or of another training, the learner stays as it is.
        """
        for path in (*self.folder.glob(f"*{PARTIAL}"), *self.folder.glob("*.partial")):  # 0.1.0 wrote .partial
            path.unlink(missing_ok=True)
        kept = self.checkpoint if self.checkpoint.exists() else self.weights
        if not kept.exists():
            return []
        try:
            return self._restored(learner, kept)
        except (OSError, SafetensorError, ValueError, KeyError, TypeError) as error:
            _log.warning("%s is ignored, training starts at epoch 1: %s", kept, error)
            return []

    def _restored(self, learner: Learner, kept: Path) -> list[EpochResult]:
        tensors, described = read_tensors(kept)
        if described.get("training") != self._identity():
            raise ValueError("it is of another training.")
        epochs = [EpochResult(**form) for form in json.loads(described["epochs"])]
        needed = learner.network.state_dict() if kept == self.weights else dict(learner.tensors())
        if {name: value.shape for name, value in needed.items()} != {
            name: value.shape for name, value in tensors.items()
        }:
            raise ValueError("its tensors are not those of the network.")
        for name, value in needed.items():
            # into the learner's own: a fused Adam is silently wrong where a moment and its weight differ in layout
            value.detach().copy_(tensors[name])
        return epochs

    def finish(self, learner: Learner, scale: Scale, epochs: Sequence[EpochResult]) -> None:
        """Keep the weights, for good, and nothing else; they too say of which training they are and its results."""
        described = {
            **self._described(epochs),
            "architecture": json.dumps(self.trial.architecture.to_json()),
            "dataset": self.trial.proposal.dataset,
            "scale": json.dumps(asdict(scale)),
        }
        _write(self.weights, learner.network.state_dict(), described)
        self.checkpoint.unlink(missing_ok=True)

    def _described(self, epochs: Sequence[EpochResult]) -> dict[str, str]:
        return {"training": self._identity(), "epochs": json.dumps([asdict(result) for result in epochs])}

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


def _write(path: Path, tensors: dict[str, Tensor], described: dict[str, str]) -> None:
    try:
        write_file(path, tensors_to_bytes(tensors, described))
    except OSError as error:
        raise TrainingFailed(f"{path} cannot be written: {error.strerror}.") from error
