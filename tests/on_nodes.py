"""The nodes of a Ray cluster, and what they are given to do in tests; module-level, so that they can import it."""

import time
from functools import partial

from trainings import EVALUATION, epoch

from remap_core.datasets.dataset import load_dataset
from remap_core.errors import DatasetError
from remap_core.trainer.executors.base import score_nothing
from remap_core.trials.trial import Trial

NODE = {"num_cpus": 1, "object_store_memory": 80 * 2**20}


def load_name(name: str) -> str:
    """A data set for trainings that look at none."""
    return name


def load_in_vain(name: str) -> str:
    raise DatasetError(f"{name}: there is no such file.")


def load_and_count(record, name: str):
    with record.open("a") as file:
        file.write(f"{name}\n")
    return load_dataset(name)


def train_blindly(train, trial: Trial, should_stop, *, dataset, folder):
    """As one of the toy trainings does, which need neither images nor files."""
    return train(trial, should_stop)


def score_blindly(score, trial: Trial, *, dataset, folder):
    return score(trial)


SCORE_NOTHING = partial(score_blindly, score_nothing)


def train_and_fill(trial: Trial, should_stop, *, dataset, folder):
    """Leaves weights that say what had been kept before."""
    (kept,) = folder.iterdir() if any(folder.iterdir()) else [folder / "checkpoint.safetensors"]
    said = kept.read_bytes() if kept.exists() else b"nothing"
    yield epoch(1)
    kept.unlink(missing_ok=True)
    (folder / "weights.safetensors").write_bytes(b"the end, after " + said)
    return EVALUATION


def train_and_wait(trial: Trial, should_stop, *, dataset, folder):
    (folder / "checkpoint.safetensors").write_bytes(b"of epoch 1")
    yield epoch(1)
    (folder / "checkpoint.safetensors").write_bytes(b"of epoch 2, which does not end")
    sleep()
    return EVALUATION


def sleep():
    time.sleep(600)
