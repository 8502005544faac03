"""Small catalogues on disk, as a trainer would leave them; each is written once per process, and copied then."""

import atexit
import shutil
import tempfile
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from functools import cache, wraps
from pathlib import Path

import numpy as np
from trainings import epoch

from remap_core.catalogue.reader import Catalogue
from remap_core.catalogue.snapshot import Publisher, open_snapshot
from remap_core.catalogue.store import CatalogueStore
from remap_core.data_folder.folder import DataFolder
from remap_core.space.architecture import Architecture
from remap_core.space.edits import Remove
from remap_core.space.text import parse_layers
from remap_core.trials.class_labels import as_labels
from remap_core.trials.dataset_card import DatasetCard
from remap_core.trials.evaluation import EpochResult, Evaluation, Latency
from remap_core.trials.training_config import TrainingConfig
from remap_core.trials.training_recipe import THOROUGH
from remap_core.trials.trial import Origin, Proposal

CHAINS = (
    "Conv 16x3, ReLU, MaxPool 2, Dense 64",
    "Dense 16, Tanh",
    "MaxPool 2, Conv 32x3, Sigmoid, Dropout 0.25",
    "Conv 64x3, ReLU",
    "AvgPool 2, Dense 128, ReLU, Dropout 0.5, Dense 16",
)
CARD = DatasetCard(
    "digits",
    (1, 8, 8),
    tuple("0123456789"),
    (70, 20, 10),
    np.tile(np.arange(10, dtype=np.uint8), 2),
    np.arange(10 * 2 * 64, dtype=np.int64).reshape(10, 2, 8, 8, 1).astype(np.uint8),
)


def wide_card(classes: int = 1000) -> DatasetCard:
    """As many classes as people have, three validation images of each."""
    rng = np.random.default_rng(0)
    labels = as_labels(np.tile(np.arange(classes), 3), classes)
    examples = rng.integers(0, 256, (classes, 2, 8, 8, 1), dtype=np.uint8)
    names = tuple(f"kind {number} of bird" for number in range(classes))
    return DatasetCard("birds", (1, 8, 8), names, (7 * classes, 3 * classes, 3 * classes), labels, examples)


def architecture(text: str, classes: int = 10) -> Architecture:
    return Architecture((1, 8, 8), classes, parse_layers(text))


def evaluation(right: int, card: DatasetCard = CARD) -> Evaluation:
    """An evaluation with the first `right` of every 20 images correct, and the others one class too high."""
    labels = card.validation_labels.astype(int)
    predictions = np.where(np.arange(len(labels)) % 20 < right, labels, (labels + 1) % card.classes)
    confusion = np.zeros((card.classes, card.classes), dtype=np.int64)
    np.add.at(confusion, (labels, predictions), 1)
    return Evaluation(confusion, as_labels(predictions, card.classes), Latency(0.12, 3.4, "cpu", 1))


def copied(write: Callable[..., DataFolder]) -> Callable[..., DataFolder]:
    """Write a data folder once for all who ask for the same one, and copy it for each: writing takes much longer."""

    @cache
    def written(options: tuple) -> Path:
        kept = Path(tempfile.mkdtemp(prefix="remap-catalogue-"))
        atexit.register(shutil.rmtree, kept, ignore_errors=True)
        return write(kept / "home", **dict(options)).home

    @wraps(write)
    def copy(home: Path, **options: object) -> DataFolder:
        source = DataFolder(written(tuple(options.items())))
        pointer = shutil.ignore_patterns(source.pointer.name)
        shutil.copytree(source.home, home, ignore=pointer, copy_function=shutil.copyfile, dirs_exist_ok=True)
        folder = DataFolder(home)
        folder.write(folder.pointer, source.pointer.read_bytes())  # last: readers may wait for it
        return folder

    return copy


@copied
def write_halved(home: Path) -> DataFolder:
    """Three initial models of three epochs: the second is complete, the first was pruned, the third is on hold."""
    folder = DataFolder(home)
    with closing(CatalogueStore.open(folder)) as store:
        store.register_dataset(CARD)
        store.enqueue([Proposal(architecture(text), "digits", TrainingConfig(epochs=3)) for text in CHAINS[:3]], 100.0)
        for number in (1, 2, 3):
            store.claim(101.0)
            store.record_epoch(number, epoch(1))
        for number in (2, 3):
            store.record_epoch(2, epoch(number))
        store.complete(2, evaluation(15), 103.0)
        store.requeue(1)
        store.requeue(3)
        store.prune(1, "Pruned after epoch 1: 2nd of 3.", 104.0)
        Publisher(store, folder).publish()
    return folder


@copied
def write_catalogue(
    home: Path, *, waiting: int = 0, failed: int = 0, card: DatasetCard = CARD, space: str = ""
) -> DataFolder:
    """Five finished models (1 to 5), model 6 as an ablation of model 1, then failed ones, then waiting ones.

    A trainer that continues it needs the real data set's card. space: what they are said to be sampled from.
    """
    folder = DataFolder(home)
    store = CatalogueStore.open(folder)
    store.register_dataset(card)
    config = TrainingConfig(epochs=2)
    name, classes = card.name, card.classes
    proposals = [Proposal(architecture(text, classes), name, config) for text in CHAINS]
    child = Remove(1).apply(proposals[0].architecture)
    proposals.append(Proposal(child, name, config, Origin.ABLATION, 1, (Remove(1),), "ablations of 1"))
    for number in range(failed + waiting):
        proposals.append(Proposal(architecture(f"Dense {number + 200}, ReLU", classes), name, config))
    ids = store.enqueue([replace(proposal, space=space) for proposal in proposals], 100.0)
    for number in ids[:6]:
        store.claim(101.0)
        store.record_epoch(number, epoch(1))
        store.record_epoch(number, epoch(2))
        store.complete(number, evaluation(10 + number, card), 103.0)
    for number in ids[6 : 6 + failed]:
        store.claim(104.0)
        store.fail(number, "The training diverged at epoch 1: its loss is no longer a number.", 105.0)
    Publisher(store, folder).publish()
    store.close()
    return folder


@copied
def write_learnt(home: Path, models: int = 30) -> DataFolder:
    """Finished models of 2 epochs; larger ones are more accurate."""
    folder = DataFolder(home)
    chains = [f"Dense {4 + 3 * number}, ReLU" for number in range(models)]
    with closing(CatalogueStore.open(folder)) as store:
        store.register_dataset(CARD)
        store.enqueue([Proposal(architecture(text), "digits", TrainingConfig(epochs=2)) for text in chains], 100.0)
        for number in range(1, models + 1):
            right = 8 + 12 * number // models
            store.claim(101.0)
            store.record_epoch(number, EpochResult(1, 2.0, 0.3, 1.9, 0.4, 0.5))
            store.record_epoch(number, EpochResult(2, 1.0, right / 20, 1.2, right / 20, 0.5))
            store.complete(number, evaluation(right), 103.0)
        Publisher(store, folder).publish()
    return folder


def changed(home: Path, action: Callable[[CatalogueStore], object]) -> Catalogue:
    """The catalogue of a data folder after a change to its store."""
    folder = DataFolder(home)
    with closing(CatalogueStore.open(folder)) as store:
        action(store)
        Publisher(store, folder).publish()
    return open_snapshot(folder)


def finish(store: CatalogueStore, model: int = 1, epochs: int = 6, right: int = 19) -> int:
    """The model trained further, right on so many of 20 images; returns the finish."""
    trained = store.trial(model).proposal
    config = TrainingConfig(epochs, 16, THOROUGH, start=model)
    (trial,) = store.enqueue([Proposal(trained.architecture, "digits", config, Origin.FINISH, parent=model)], 200.0)
    store.claim(201.0)
    store.record_epoch(trial, EpochResult(epochs, 0.1, 0.99, 0.2, right / 20, 0.5))
    store.complete(trial, evaluation(right), 203.0)
    return trial
