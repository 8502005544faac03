"""Populations as rows: the finished models of a data set."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from remap_core.analysis.durations import Measured
from remap_core.catalogue.connection import Row
from remap_core.catalogue.rows import architecture_of, config_of
from remap_core.trials.population import Floats, Population
from remap_core.trials.training_config import TrainingConfig

# A class that a model was not trained for (the data set had fewer classes then) has no accuracy.
POPULATION = """
SELECT id, coalesce(parent, 0) AS parent, parameters, multiply_adds, epochs_done::BIGINT AS epochs, accuracy,
    train_accuracy, validation_loss AS loss, list_resize(class_accuracy, ?, 'NaN'::DOUBLE) AS class_accuracy,
    mean_seconds AS seconds, latency_1_ms, latency_256_ms, origin, text, config,
    coalesce(suggested, false)::BIGINT AS suggested, if(origin = 'repeat', parent, id) AS model
FROM trials WHERE dataset = ? AND state = 'complete' AND origin <> 'finish' ORDER BY finished, id
"""
_NUMBERS = (
    "id",
    "parent",
    "parameters",
    "multiply_adds",
    "epochs",
    "accuracy",
    "train_accuracy",
    "loss",
    "seconds",
    "latency_1_ms",
    "latency_256_ms",
)
STAMP = "SELECT count(*), coalesce(max(finished), 0) FROM trials WHERE dataset = ? AND state = 'complete'"
FINGERPRINTS = """
SELECT fingerprint, min(id) FROM trials WHERE dataset = ? AND state NOT IN ('failed', 'cancelled')
GROUP BY fingerprint
"""
MEASURED = """
SELECT architecture, config, mean_seconds FROM trials WHERE dataset = ? AND state = 'complete'
ORDER BY finished DESC, id DESC LIMIT ?
"""

BEST = """
JOIN (
    SELECT if(origin = 'repeat', parent, id) AS id, avg(accuracy) AS mean
    FROM trials WHERE dataset = ? AND state = 'complete' AND (config ->> '$.start') IS NULL GROUP BY ALL
) USING (id) ORDER BY mean DESC, parameters, id LIMIT 1
"""
"""Condition that selects the model of the highest accuracy, averaged over seeds; of equals, the smaller.

Models that started from their parent's weights do not compare, and finishes are no models."""
DESCENDANTS = """
WHERE dataset = ? AND state = 'complete' AND parent IS NOT NULL AND origin NOT IN ('repeat', 'finish') ORDER BY id
"""
"""Condition that selects the finished models of a data set that have a parent."""


def population_of(
    table: pa.Table, dataset: str, class_names: tuple[str, ...], input_shape: tuple[int, int, int]
) -> Population:
    """Return the population of the rows of POPULATION, each model averaged over its seeds."""
    columns: dict[str, Any] = {name: _column(table[name].combine_chunks()) for name in _NUMBERS}
    trainings = Population(
        dataset=dataset,
        class_names=class_names,
        input_shape=input_shape,
        class_accuracy=_matrix(table["class_accuracy"], len(class_names)),
        origin=tuple(table["origin"].to_pylist()),
        text=tuple(table["text"].to_pylist()),
        config=_configs(table["config"].to_pylist()),
        seeds=np.ones(len(table), np.int64),
        deviation=np.full(len(table), np.nan),
        suggested=_column(table["suggested"].combine_chunks()).astype(bool),
        **columns,
    )
    return trainings.over_seeds(_column(table["model"].combine_chunks()))


def measured_of(row: Row) -> Measured:
    """Return the training time of a row of MEASURED."""
    architecture, text, seconds = row
    config = config_of(text)
    return Measured(architecture_of(architecture), config.batch_size, seconds, bool(config.recipe.augmentation))


def _configs(texts: Sequence[str]) -> tuple[TrainingConfig, ...]:
    """A population has few different ones, so each is read once."""
    configs = {text: config_of(text) for text in set(texts)}
    return tuple(configs[text] for text in texts)


def _matrix(lists: pa.ChunkedArray, columns: int) -> Floats:
    values: Floats = _column(lists.combine_chunks().flatten())
    return values.reshape(-1, columns)


def _column(numbers: pa.Array) -> Any:
    """The numbers as a NumPy array, NULL as NaN.

    `to_numpy` first imports pandas, which takes a third of a second. The other way knows no NULL.
    """
    if numbers.null_count:
        return numbers.to_numpy(zero_copy_only=False)
    return np.from_dlpack(numbers)
