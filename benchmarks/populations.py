"""Catalogues of many finished models, for the benchmarks of the app. Each is made but once, and kept."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import duckdb
import numpy as np

sys.path.append(str(Path(__file__).parents[1] / "tests"))

from catalogues import CARD

from remap_core.catalogue.snapshot import Publisher, current_number
from remap_core.catalogue.store import CatalogueStore
from remap_core.data_folder.folder import DataFolder
from remap_core.datasets.dataset import load_dataset
from remap_core.services.proposals import initial_config
from remap_core.settings import Settings
from remap_core.space.caps import Cap, Cost
from remap_core.space.markov.sampler import sample_architectures
from remap_core.space.markov.search_spaces import REMAP_2019
from remap_core.trials.trial import Proposal

HOMES = Path(tempfile.gettempdir()) / "remap-populations"
"""Where they are kept."""

# Invented, but shaped like trained models: more parameters are better by a little, each class by its own luck.
_TRAINED = """
UPDATE trials SET state = 'complete', started = id, finished = id, epochs_done = 10, train_loss = 0.2,
    validation_loss = 0.3, seconds = 2.0, mean_seconds = 1 + parameters / 5e5, latency_1_ms = 0.1 + multiply_adds / 1e7,
    latency_256_ms = 5 + multiply_adds / 1e5, train_accuracy = 0.6 + 0.06 * log10(parameters) + 0.02 * random(),
    validation_accuracy = 0.55 + 0.06 * log10(parameters) + 0.05 * random();
UPDATE trials SET accuracy = validation_accuracy,
    class_accuracy = list_transform(range(10), lambda x: least(1, validation_accuracy + 0.1 * random() - 0.05));
"""


def home_of(models: int, homes: Path = HOMES) -> Path:
    """The data folder of a published catalogue of so many models."""
    home = homes / str(models)
    if current_number(DataFolder(home)) is None:
        write_many(home, models)
    return home


def write_many(home: Path, models: int) -> None:
    """A published catalogue of so many finished models of the sampler's architectures."""
    folder = DataFolder(home)
    store = CatalogueStore.open(folder)
    store.register_dataset(CARD)
    sampled = sample_architectures(
        REMAP_2019, (1, 28, 28), 10, models, np.random.default_rng(0), caps=(Cap(Cost.PARAMETERS, 1_000_000),)
    )
    config = initial_config(Settings(), CARD)  # today's: models of older recipes predict nothing
    store.enqueue([Proposal(architecture, CARD.name, config) for architecture in sampled], 0.0)
    store.close()
    with duckdb.connect(folder.live) as connection:
        connection.execute(_TRAINED)
    store = CatalogueStore.open(folder)
    Publisher(store, folder).publish()
    store.close()


def queue_trainings(home: Path, models: int) -> None:
    """Queue so many models that a trainer can train: the data set becomes the real one of its name."""
    dataset = load_dataset(CARD.name)
    sampled = sample_architectures(
        REMAP_2019,
        dataset.input_shape,
        dataset.classes,
        models,
        np.random.default_rng(3),
        caps=(Cap(Cost.PARAMETERS, 100_000),),
    )
    store = CatalogueStore.open(DataFolder(home))
    store.register_dataset(dataset.card())
    store.enqueue([Proposal(architecture, dataset.name) for architecture in sampled], 0.0)
    store.close()
