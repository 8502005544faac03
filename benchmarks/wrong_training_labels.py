"""How well held-out models find training images whose label was changed on purpose.

    python -m benchmarks.wrong_training_labels --home /tmp/wrong

3 % of all labels of `digits` are changed, each to one of the other classes. A pool of sampled networks is trained on
these images; then the five best ones judge every training image without having seen it (`lab.held_out`). Printed are,
for each draw of changed labels: how many training labels were changed, how many images are suspected, how many of these
were changed, how many of the first n are, with n the number of changed ones, and the rank of the last one. Beside it
the same of the votes of models that were trained on these images, to see what holding them out is worth.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

import remap_core as remap
from benchmarks.wrong_labels import mislabelled
from remap_core.analysis.image_votes import ImageVotes, better_half
from remap_core.datasets.dataset import load_dataset, rows_by_part
from remap_core.datasets.images import Images
from remap_core.lab.lab import Lab
from remap_core.services.data.held_out import PARTS, held_out_trainings, training_votes


def main() -> None:
    """Print a line for each draw and judge."""
    parser = argparse.ArgumentParser(description="How well held-out models find changed training labels.")
    parser.add_argument("--home", type=Path, required=True, help="data folder, kept")
    parser.add_argument("--data", default="digits")
    parser.add_argument("--share", type=float, default=0.03)
    parser.add_argument("--models", type=int, default=12)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--draws", type=int, default=3)
    options = parser.parse_args()
    print("draw  judges           changed  suspected  of them changed  of the first n  last rank  median rank")
    for draw in range(options.draws):
        lab, changed = wrong_lab(options, draw)
        lab.train(remap.sample(dataset=lab, n=options.models, max_parameters=50_000, seed=draw), progress=False)
        lab.train(lab.held_out(), progress=False)
        trainings = held_out_trainings(lab.catalogue, lab.dataset, 0.0)
        rows = rows_by_part(lab.dataset, PARTS, options.home)
        _print_line(draw, "held out", training_votes(lab.catalogue, trainings, rows), changed)
        _print_line(draw, "trained on them", seen_votes(lab), changed)


def wrong_lab(options: argparse.Namespace, draw: int) -> tuple[Lab, np.ndarray]:
    """A lab on images of which some labels are wrong, and which of its training images these are, (n,) bool."""
    clean = load_dataset(options.data)
    parts = (clean.train, clean.validation, clean.test)
    images = Images(np.concatenate([one.images for one in parts]), np.concatenate([one.labels for one in parts]))
    wrong = mislabelled(images, clean.classes, options.share, np.random.default_rng([draw, 2]))
    options.home.mkdir(parents=True, exist_ok=True)
    path = options.home / f"wrong-{draw}.npz"
    np.savez(path, images=wrong.images, labels=wrong.labels.astype(np.uint8))
    lab = remap.open(options.home, dataset=path, epochs=options.epochs, device="cpu")
    known = {pixels.tobytes(): label for pixels, label in zip(images.images, images.labels.tolist(), strict=True)}
    train = load_dataset(lab.dataset, options.home).train
    true = np.array([known[pixels.tobytes()] for pixels in train.images])
    return lab, true != train.labels


def seen_votes(lab: Lab) -> ImageVotes:
    """Votes of the better half of the models on the images that they were trained on."""
    train = load_dataset(lab.dataset, lab.folder.home).train
    models = list(lab.models)
    rows = better_half(np.array([model.accuracy or 0.0 for model in models]))
    said = np.stack([models[row].predict(train.images).classes for row in rows])
    return ImageVotes(np.array([models[row].id for row in rows]), train.labels, said)


def _print_line(draw: int, judges: str, votes: ImageVotes, changed: np.ndarray) -> None:
    suspected = np.array([verdict.row for verdict in votes.suspected()], dtype=np.int64)
    ranking = votes.ranking()
    ranks = np.flatnonzero(changed[ranking]) + 1
    n = int(changed.sum())
    print(
        f"{draw:4}  {judges:15}  {n:7}  {len(suspected):9}  {int(changed[suspected].sum()):15}  "
        f"{int(changed[ranking[:n]].sum()):14}  {ranks[-1]:9}  {np.median(ranks):11.0f}",
        flush=True,
    )


if __name__ == "__main__":
    main()
