"""Small populations for tests: only what a test names differs from model to model."""

import numpy as np

from remap_core.trials.population import Population
from remap_core.trials.training_config import TrainingConfig


def population(**columns) -> Population:
    """n models of the digits with ids 1 to n; columns that are not given are ones."""
    n = len(next(iter(columns.values())))
    whole = ("id", "parent", "parameters", "multiply_adds", "epochs", "seeds")
    broken = ("accuracy", "train_accuracy", "loss", "seconds", "latency_1_ms", "latency_256_ms", "deviation")
    values = {name: np.ones(n, np.int64) for name in whole} | {name: np.ones(n) for name in broken}
    values["id"] = np.arange(1, n + 1)
    values["class_accuracy"] = np.ones((n, 2))
    values["suggested"] = np.zeros(n, dtype=bool)
    values |= {"origin": ("initial",) * n, "text": ("ReLU",) * n, "config": (TrainingConfig(),) * n}
    given = {
        name: value if name in ("origin", "text", "config") else np.asarray(value) for name, value in columns.items()
    }
    return Population(dataset="digits", class_names=("no", "yes"), input_shape=(1, 28, 28), **(values | given))
