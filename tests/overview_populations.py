"""Populations for tests, with equal models unless a test says otherwise, and Hypothesis strategies for them."""

import numpy as np
from hypothesis import strategies as st

from remap_core.space.layers import KINDS
from remap_core.trials.population import Population
from remap_core.trials.training_config import TrainingConfig
from remap_core.trials.training_recipe import RECIPES
from remap_core.trials.trial import MODEL_ORIGINS
from remap_core.views.filters import MEMORY, Filter, Span

TEXTS = ("Conv 32x3, ReLU", "MaxPool 2, Dense 16", "Dense 64, Tanh, Dropout 0.5", "AvgPool 3, Conv 8x1, Sigmoid")


def population(accuracy, parameters=None, ids=None, classes=("cat", "<i>dog</i>"), class_accuracy=None, **columns):
    """n models; by default, class accuracies equal the model's, and sizes differ by one parameter."""
    n, accuracy = len(accuracy), np.array(accuracy, dtype=np.float64)
    ones, text = np.ones(n), columns.pop("text", "Conv 32x3, ReLU")
    of_class = np.tile(accuracy[:, None], (1, len(classes))) if class_accuracy is None else class_accuracy
    values = {
        "parent": np.zeros(n, dtype=np.int64),
        "multiply_adds": np.full(n, 5_000),
        "epochs": np.full(n, 10),
        "train_accuracy": accuracy,
        "loss": ones,
        "seconds": ones,
        "latency_1_ms": ones,
        "latency_256_ms": ones,
        "seeds": np.ones(n, dtype=np.int64),
        "deviation": np.full(n, np.nan),
        "suggested": np.zeros(n, dtype=bool),
        "origin": ("initial",) * n,
        "config": (TrainingConfig(),) * n,
        "text": (text,) * n if isinstance(text, str) else text,
    }
    given = {name: value if isinstance(value, tuple) else np.array(value) for name, value in columns.items()}
    return Population(
        dataset="digits",
        class_names=classes,
        input_shape=(1, 28, 28),
        id=np.array(ids or range(1, n + 1), dtype=np.int64),
        parameters=np.array(parameters or range(1_000, 1_000 + n), dtype=np.int64),
        accuracy=accuracy,
        class_accuracy=np.array(of_class, dtype=np.float64).reshape(n, len(classes)),
        **(values | given),
    )


shares = st.floats(0, 1) | st.just(float("nan"))


@st.composite
def populations(draw, classes=3):
    """Populations of up to 12 models of three classes, including classes without any known accuracy."""
    n = draw(st.integers(0, 12))

    def column(values):
        return draw(st.lists(values, min_size=n, max_size=n))

    return population(
        column(st.floats(0, 1)),
        column(st.integers(1, 10**6)),
        classes=("cat", "dog", "bird")[:classes],
        class_accuracy=draw(st.lists(shares, min_size=n * classes, max_size=n * classes)),
        latency_1_ms=np.array(column(st.floats(0.01, 100)), dtype=np.float64),
        origin=tuple(column(st.sampled_from(list(MODEL_ORIGINS)))),
        text=tuple(column(st.sampled_from(TEXTS))),
        config=tuple(column(st.sampled_from([TrainingConfig(recipe=recipe) for recipe in RECIPES.values()]))),
    )


@st.composite
def spans(draw, most):
    low, high = sorted((draw(st.floats(0, most)), draw(st.floats(0, most))))
    return Span(*(draw(st.sampled_from([end, None])) for end in (low, high)))


@st.composite
def filters(draw):
    chosen = draw(st.dictionaries(st.sampled_from(list(KINDS)), st.booleans(), max_size=3))
    return Filter(
        draw(spans(10**6)),
        draw(spans(100)),
        draw(spans(1)),
        frozenset(kind for kind, wanted in chosen.items() if wanted),
        frozenset(kind for kind, wanted in chosen.items() if not wanted),
        draw(st.frozensets(st.sampled_from(list(MODEL_ORIGINS)))),
        draw(st.frozensets(st.sampled_from(list(RECIPES)))),
        draw(spans(10**6)),
        **{name: draw(spans(10**3)) for name in draw(st.frozensets(st.sampled_from(list(MEMORY))))},
    )
