"""What a worker process calls: set up its device and cores, then train and score one trial after another."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

from remap_core.datasets.dataset import Dataset, load_dataset
from remap_core.datasets.shared_memory import share_images
from remap_core.errors import DatasetError, TrainingFailed
from remap_core.system.memory import give_memory_back
from remap_core.training.device import choose_device, describe_device, limit_threads
from remap_core.training.test_scoring import score_sealed
from remap_core.training.training_loop import Training, train
from remap_core.trials.evaluation import SealedScore
from remap_core.trials.trial import Trial

__all__ = ["choose_device", "describe_device", "limit_threads", "score_trial", "train_trial"]


def train_trial(
    trial: Trial,
    should_stop: Callable[[], bool],
    *,
    home: Path,
    device: str,
) -> Training:
    """Train a trial on its data set; its files are in `home`/artifacts/<id>, its latency in `home`/latencies.

    Yields, returns and raises what `training_loop.train` does. An unusable data set raises TrainingFailed, too.
    """
    return (
        yield from train(
            trial,
            _dataset(trial, home),
            device=device,
            should_stop=should_stop,
            folder=_folder(trial, home),
            latencies=home / "latencies",
        )
    )


def score_trial(trial: Trial, *, home: Path, device: str) -> SealedScore:
    """Score a complete trial on its data set's sealed test images, with the weights in `home`/artifacts/<id>.

    Raises what `test_scoring.score_sealed` does. An unusable data set raises TrainingFailed, too.
    """
    return score_sealed(
        trial,
        _dataset(trial, home),
        device=device,
        folder=_folder(trial, home),
    )


def _folder(trial: Trial, home: Path) -> Path:
    return home / "artifacts" / str(trial.id)


def _dataset(trial: Trial, home: Path) -> Dataset:
    try:
        return _load_shared(trial.proposal.dataset, home)
    except DatasetError as error:
        raise TrainingFailed(str(error)) from error


@lru_cache(maxsize=1)
def _load_shared(name: str, home: Path) -> Dataset:
    """Load a data set whose images are in memory once for all worker processes."""
    dataset = share_images(load_dataset(name, home), home / "datasets")
    give_memory_back()
    return dataset
