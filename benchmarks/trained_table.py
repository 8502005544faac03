"""Tables of networks that the product trained, for the benchmarks of surrogates and suggestions.

    python -m benchmarks.trained_table --data digits --epochs 6 --networks 150 --out digits.parquet

Two thirds are sampled from a space, the others are variations by one edit of the twelve best of them: suggestions are
mostly neighbours of good models. A table has the layers in words, the validation accuracy, parameters and seconds of
each network, and in its metadata the data, recipe, seeds and versions. An interrupted run goes on where it stopped.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from remap_core.datasets.dataset import Dataset, load_dataset
from remap_core.space.architecture import Architecture
from remap_core.space.caps import Cap, Cost
from remap_core.space.markov.sampler import sample_architectures
from remap_core.space.markov.search_spaces import SPACES
from remap_core.space.text import layers_text, parse_layers
from remap_core.space.variations import VariationRequest, everything_allowed, variations
from remap_core.trials.training_config import TrainingConfig
from remap_core.trials.training_recipe import RECIPES
from remap_core.trials.trial import Proposal, Trial, TrialState
from remap_core.version import __version__

SEED, TRAINING_SEED = 7, 0
"""Of the networks that are drawn, and of each training."""
PARENTS = 12
SAVE_EVERY = 10


def main() -> None:
    """Train what the table lacks."""
    parser = argparse.ArgumentParser(description="Train a table of networks.")
    parser.add_argument("--data", default="digits", help="a data set, or an .npz file (#N for its first images)")
    parser.add_argument("--space", default="remap-2019", choices=SPACES)
    parser.add_argument("--networks", type=int, default=150)
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--recipe", default="quick", choices=RECIPES)
    parser.add_argument("--max-parameters", type=int, default=50_000)
    parser.add_argument("--max-multiply-adds", type=int, default=1_000_000)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    import torch  # noqa: PLC0415 (a reader of the table needs no torch)

    torch.set_num_threads(1)
    dataset = load_dataset(options.data)
    rows = read_rows(options.out)
    trained = {row["layers"]: row["accuracy"] for row in rows}
    for number, architecture in enumerate(_networks(dataset, options, trained), start=1):
        text = layers_text(architecture.layers)
        if text not in trained:
            row = _trained(architecture, dataset, options)
            rows.append(row)
            trained[text] = row["accuracy"]
            print(
                f"{number:4} {row['accuracy']:.4f} {row['parameters']:8,} {row['seconds']:5.1f} s  {text}", flush=True
            )
        if number % SAVE_EVERY == 0:
            _write(rows, dataset, options)
    _write(rows, dataset, options)


def read_rows(path: Path) -> list[dict[str, float | str]]:
    """The rows of a table; none where there is no file yet."""
    if not path.exists():
        return []
    return pq.read_table(path).to_pylist()


def read_table(path: Path) -> tuple[list[Architecture], np.ndarray]:
    """The networks of a table, and their validation accuracies, (n,)."""
    table = pq.read_table(path)
    about = json.loads(table.schema.metadata[b"remap"])
    shape = tuple(about["input_shape"])
    chains = map(parse_layers, table["layers"].to_pylist())
    return [Architecture(shape, about["classes"], chain) for chain in chains], table["accuracy"].to_numpy()


def sampled_first(networks: int) -> int:
    """How many of so many networks are samples; the first rows of a table are these, in order."""
    return networks * 2 // 3


def _networks(dataset: Dataset, options: argparse.Namespace, trained: dict[str, float]) -> Iterator[Architecture]:
    space = SPACES[options.space]
    caps = (
        Cap(Cost.PARAMETERS, options.max_parameters, "--max-parameters"),
        Cap(Cost.MULTIPLY_ADDS, options.max_multiply_adds, "--max-multiply-adds"),
    )
    first = sampled_first(options.networks)
    rng = np.random.default_rng(SEED)
    sampled = sample_architectures(space, dataset.input_shape, dataset.classes, first, rng, caps=caps)
    yield from sampled
    best = sorted(sampled, key=lambda one: -trained[layers_text(one.layers)])[:PARENTS]
    each = -(-(options.networks - first) // PARENTS)
    for parent in best:
        request = VariationRequest(each, 1, everything_allowed(parent))
        for candidate in variations(parent, space, request, rng, caps=caps).children:
            yield candidate.child


def _trained(architecture: Architecture, dataset: Dataset, options: argparse.Namespace) -> dict[str, float | str]:
    from remap_core.training.training_loop import train  # noqa: PLC0415

    config = TrainingConfig(
        epochs=options.epochs,
        batch_size=TrainingConfig.default_batch_size(len(dataset.train)),
        recipe=RECIPES[options.recipe],
        seed=TRAINING_SEED,
    )
    trial = Trial(1, Proposal(architecture, dataset.name, config), TrialState.RUNNING, 1.0, 1, 0.0)
    started = time.perf_counter()
    *_, last = train(trial, dataset, device="cpu")
    return {
        "layers": layers_text(architecture.layers),
        "accuracy": last.validation_accuracy,
        "parameters": architecture.parameters,
        "seconds": time.perf_counter() - started,
    }


def _write(rows: list[dict[str, float | str]], dataset: Dataset, options: argparse.Namespace) -> None:
    import torch  # noqa: PLC0415

    about = {
        "data": options.data.rpartition("/")[2],
        "input_shape": list(dataset.input_shape),
        "classes": dataset.classes,
        "space": options.space,
        "epochs": options.epochs,
        "recipe": options.recipe,
        "seed": SEED,
        "networks": options.networks,
        "max_parameters": options.max_parameters,
        "max_multiply_adds": options.max_multiply_adds,
        "training_seed": TRAINING_SEED,
        "remap": __version__,
        "torch": torch.__version__,
        "numpy": np.__version__,
    }
    table = pa.Table.from_pylist(rows).replace_schema_metadata({"remap": json.dumps(about)})
    options.out.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, options.out, compression="zstd")


if __name__ == "__main__":
    main()
