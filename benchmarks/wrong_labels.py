"""Whether wrong labels are found: 3 % of all labels are changed on purpose, and the models' votes rank the images.

    python -m benchmarks.wrong_labels --models 40 --epochs 10 --out /tmp/wrong-labels

Sampled networks are trained by the product on training images of which as many labels are wrong, then vote on the
validation images. Rankings: by the share of the better half that agrees on one other class (`analysis/image_votes.py`);
by cleanlab's confident learning (pip install cleanlab) on the mean of the better half's probabilities, on those of the
best model alone, and on the votes; at random. Validation labels are not trained on, so they are changed many times
over, and the table shows means: at which rank the last changed image is, how many of the first m are changed ones,
where m were changed, average precision, and what each method lists. Probabilities stay in --out: a run that was broken
off goes on.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
from sklearn.metrics import average_precision_score

from remap_core.analysis.image_votes import ImageVotes, better_half
from remap_core.datasets.dataset import Dataset, load_dataset
from remap_core.datasets.images import Images
from remap_core.space.architecture import Architecture
from remap_core.space.caps import Cap, Cost
from remap_core.space.markov.sampler import sample_architectures
from remap_core.space.markov.search_spaces import SPACES
from remap_core.trials.class_labels import as_labels
from remap_core.trials.training_config import TrainingConfig
from remap_core.trials.trial import Proposal, Trial, TrialState


def main() -> None:
    """Train what is missing, then print the table."""
    parser = argparse.ArgumentParser(description="Whether wrong labels are found.")
    parser.add_argument("--data", default="digits", help="a data set, or a path (#N for its first images)")
    parser.add_argument("--space", default="remap-2019", choices=SPACES)
    parser.add_argument("--models", type=int, default=40)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--share", type=float, default=0.03, help="of all labels, changed to another class")
    parser.add_argument("--max-parameters", type=int, default=50_000)
    parser.add_argument("--max-multiply-adds", type=int, default=1_000_000)
    parser.add_argument("--draws", type=int, default=100, help="ways to change the validation labels")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, required=True, help="folder of the models' probabilities")
    options = parser.parse_args()
    import torch  # noqa: PLC0415 (--help needs no torch)

    torch.set_num_threads(1)
    rng = np.random.default_rng(options.seed)
    clean = load_dataset(options.data)
    train = mislabelled(clean.train, clean.classes, options.share, rng)
    dataset = replace(clean, train=train)
    cap = [
        Cap(Cost.PARAMETERS, options.max_parameters, "benchmark"),
        Cap(Cost.MULTIPLY_ADDS, options.max_multiply_adds, "benchmark"),
    ]
    space = SPACES[options.space]
    networks = sample_architectures(space, clean.input_shape, clean.classes, options.models, rng, caps=cap)
    options.out.mkdir(parents=True, exist_ok=True)
    found = [_probabilities(number, network, dataset, options) for number, network in enumerate(networks, start=1)]
    draws = [_draw(np.stack(found), clean, options.share, draw) for draw in range(options.draws)]
    _print_table(draws)


class Figures(NamedTuple):
    """How well a method finds the changed labels; NaN for the last two where it lists nothing."""

    last_rank: float
    of_first: float
    average_precision: float
    listed: float
    listed_changed: float


def mislabelled(images: Images, classes: int, share: float, rng: np.random.Generator) -> Images:
    """The images with this share of labels changed, each to one of the other classes."""
    labels = images.labels.astype(np.int64)
    rows = rng.permutation(len(labels))[: round(share * len(labels))]
    labels[rows] = (labels[rows] + rng.integers(1, classes, len(rows))) % classes
    return Images(images.images, as_labels(labels, classes))


def _probabilities(number: int, network: Architecture, dataset: Dataset, options: argparse.Namespace) -> np.ndarray:
    """(n, classes) of the validation images by a network, trained if it is not yet."""
    path = options.out / f"{number}-{network.fingerprint[:12]}-{options.epochs}-{options.seed}.npy"
    if path.exists():
        return np.load(path)
    from remap_core.training.checkpoints import Artifacts  # noqa: PLC0415
    from remap_core.training.class_probabilities import predict  # noqa: PLC0415
    from remap_core.training.device_data import dataset_on_device  # noqa: PLC0415
    from remap_core.training.tensor_files import read_tensors  # noqa: PLC0415
    from remap_core.training.training_loop import train  # noqa: PLC0415

    batch_size = TrainingConfig.default_batch_size(len(dataset.train))
    config = TrainingConfig(epochs=options.epochs, batch_size=batch_size, seed=options.seed)
    trial = Trial(number, Proposal(network, dataset.name, config), TrialState.RUNNING, 1.0, 1, 0.0)
    with tempfile.TemporaryDirectory(prefix="remap-") as folder:
        *_, last = train(trial, dataset, device="cpu", folder=Path(folder))
        weights, _ = read_tensors(Artifacts(Path(folder), trial).weights)
    scale = dataset_on_device(dataset, "cpu").scale
    arrays = {name: tensor.numpy() for name, tensor in weights.items()}
    images = dataset.validation.images
    probabilities = predict(network, arrays, (scale.mean, scale.deviation), images, device="cpu")
    print(f"{number:4} {last.validation_accuracy:.4f} {network.parameters:8,}", flush=True)
    np.save(path, probabilities)
    return probabilities


def _draw(probabilities: np.ndarray, clean: Dataset, share: float, seed: int) -> dict[str, Figures]:
    """The figures of each method for one way to change validation labels."""
    images = mislabelled(clean.validation, clean.classes, share, np.random.default_rng([seed, 1]))
    labels = images.labels
    predictions = as_labels(probabilities.argmax(axis=2), clean.classes)
    good = better_half((predictions == labels).mean(axis=1))
    votes = ImageVotes(good, labels, predictions[good])
    found = {"votes of the better half": (votes.ranking(), [verdict.row for verdict in votes.suspected()])}
    sources = {
        "mean of the better half": probabilities[good].mean(axis=0),
        "best model": probabilities[good[0]],
        "votes": np.eye(clean.classes)[predictions[good]].mean(axis=0),
    }
    for name, source in sources.items():
        found[f"cleanlab, {name}"] = _by_cleanlab(labels, source)
    found["at random"] = (np.random.default_rng(seed).permutation(len(labels)), None)
    is_wrong = labels != clean.validation.labels
    return {name: _figures(ranking, listed, is_wrong) for name, (ranking, listed) in found.items()}


def _by_cleanlab(labels: np.ndarray, probabilities: np.ndarray) -> tuple[np.ndarray, list[int]]:
    """All images by self-confidence, the lowest first, and the images that confident learning lists."""
    from cleanlab.filter import find_label_issues  # noqa: PLC0415
    from cleanlab.rank import get_label_quality_scores  # noqa: PLC0415

    whole = labels.astype(int)
    rows = probabilities / probabilities.sum(axis=1, keepdims=True)
    listed = find_label_issues(whole, rows, return_indices_ranked_by="self_confidence", n_jobs=1)
    return np.argsort(get_label_quality_scores(whole, rows), kind="stable"), listed.tolist()


def _figures(ranking: np.ndarray, listed: Sequence[int] | None, is_wrong: np.ndarray) -> Figures:
    places = np.flatnonzero(is_wrong[ranking]) + 1
    precision = average_precision_score(is_wrong, -np.argsort(ranking).astype(float))
    counts = (np.nan, np.nan) if listed is None else (len(listed), is_wrong[listed].sum())
    return Figures(places.max(), (places <= is_wrong.sum()).sum(), precision, *counts)


def _print_table(draws: Sequence[Mapping[str, Figures]]) -> None:
    print("\n| method | last one at rank | of the first m | average precision | listed | of them changed |")
    print("|---|---|---|---|---|---|")
    for name in draws[0]:
        mean = Figures(*np.mean([draw[name] for draw in draws], axis=0))
        print(
            f"| {name} | {mean.last_rank:.1f} | {mean.of_first:.1f} | {mean.average_precision:.3f} | "
            f"{mean.listed:.1f} | {mean.listed_changed:.1f} |"
        )


if __name__ == "__main__":
    main()
