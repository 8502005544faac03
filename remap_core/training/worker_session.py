"""All that a worker process calls: it says where and with how many cores it trains, and trains trial after trial."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

from remap_core.datasets.dataset import Dataset, load_dataset
from remap_core.datasets.shared_memory import shared
from remap_core.errors import DatasetError, TrainingFailed
from remap_core.system.memory import give_memory_back
from remap_core.training.device import choose_device, describe_device, limit_threads
from remap_core.training.test_scoring import score_sealed
from remap_core.training.training_loop import Training, train
from remap_core.trials.evaluation import SealedScore
from remap_core.trials.trial import Trial

__all__ = ["choose_device", "describe_device", "limit_threads", "score_trial", "train_trial"]


def train_trial(trial: Trial, should_stop: Callable[[], bool], *, home: Path, device: str) -> Training:
    """Train a trial on its data set; what it leaves goes to `home`/artifacts/<id>, its latency to `home`/latencies.

    Yields, returns and raises what `loop.train` does; a data set that cannot be used is a TrainingFailed too.
    """
    dataset, folder = _surroundings(trial, home)
    latencies = home / "latencies"
    return (
        yield from train(trial, dataset, device=device, should_stop=should_stop, folder=folder, latencies=latencies)
    )


def score_trial(trial: Trial, *, home: Path, device: str) -> SealedScore:
    """Score a complete trial on its data set's sealed test images, by the weights in `home`/artifacts/<id>.

    Raises what `sealed.score_sealed` does; a data set that cannot be used is a TrainingFailed too.
    """
    dataset, folder = _surroundings(trial, home)
    return score_sealed(trial, dataset, device=device, folder=folder)


def _surroundings(trial: Trial, home: Path) -> tuple[Dataset, Path]:
    try:
        return _kept(trial.proposal.dataset, home), home / "artifacts" / str(trial.id)
    except DatasetError as error:
        raise TrainingFailed(str(error)) from error


@lru_cache(maxsize=1)
def _kept(name: str, home: Path) -> Dataset:
    """Its images are in memory once, however many worker processes train on them."""
    dataset = shared(load_dataset(name, home), home / "datasets")
    give_memory_back()
    return dataset
