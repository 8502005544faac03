"""What a search finds on CIFAR-10 in an hour on one quiet core, beside ResNet-20 and a network like MobileNetV2.

    python -m benchmarks.cifar10 --home /tmp/cifar --results cifar10.json
    python -m benchmarks.cifar10 --home /tmp/mobile --results mobile.json --space mobile

A pool of sampled networks, half of them with at most 100,000 parameters, is trained on 10,000 images by the recipe
`quick`; then children in two rounds, by a fixed rule in place of a person: from the most accurate network with at most
100,000 parameters, and from that with more but no more than ResNet-20, an ablation, two variations and two handcrafted
ones (a block is repeated, a block is widened). Both winners are trained on all 50,000 images, of which 15 % validate;
so are the two known networks, these also by a tuned loop (see tuned_loop.py) with the same recipe, epochs and images.
Test: the official test images. Seconds: processor time of an epoch of the search's images with its validation pass, in
one thread, by our training and by the tuned loop.

What was trained stays in --home and --results: a run that was broken off goes on.
"""

from __future__ import annotations

import argparse
import json
import math
import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

import remap_core as remap
from benchmarks.tuned_loop import train_tuned
from remap_core.assembly import single_threaded
from remap_core.datasets.dataset import load_dataset
from remap_core.datasets.kept import kept_datasets
from remap_core.lab.designs.design import Design
from remap_core.lab.designs.new_designs import design_of
from remap_core.lab.lab import Lab
from remap_core.lab.models.model import Model
from remap_core.services.proposals import plan_of
from remap_core.space.architecture import Architecture
from remap_core.space.caps import KILOBYTE, Cap, Cost, tightest
from remap_core.space.layers import InvertedResidual, Residual
from remap_core.space.text import parse_layers
from remap_core.training.jobs import score
from remap_core.training.training_loop import train
from remap_core.trials.training_config import TrainingConfig
from remap_core.trials.training_recipe import QUICK
from remap_core.trials.trial import Origin, Proposal, Trial, TrialState

RESNET = "ResNet-20"
KNOWN = {
    RESNET: "Conv 16x3 same, BatchNorm, ReLU, Residual 16, Residual 16, Residual 16, Residual 32 stride 2, "
    "Residual 32, Residual 32, Residual 64 stride 2, Residual 64, Residual 64, GlobalAvgPool",
    "MobileNetV2-like": "Conv 16x3 same, BatchNorm, ReLU, MBConv 16x3 expand 1, MBConv 24x3 stride 2, MBConv 24x3, "
    "MBConv 32x3 stride 2, MBConv 32x3, MBConv 32x3, MBConv 64x3 stride 2, MBConv 64x3, MBConv 64x3, MBConv 64x3, "
    "GlobalAvgPool",
}
"""MobileNetV2-like: the first rows of the table of Sandler et al. (2018), with half of the stem and three halvings."""

BANDS = ((0, 100_000), (100_001, 272_490))
"""Least and most parameters: ResNet-20 has 272,490. A winner of its own in each band, as short trainings on few images
prefer small networks, which gain less from more images."""
MAX_MULTIPLY_ADDS = 20_000_000
"""Half of ResNet-20's, as the winner should take half of its time."""
BATCH = 64
"""Images in the end, as in the search: batches of 256, the default for so many images, take longer on a CPU."""
ROUNDS = 2
SEED = 0


class Results:
    """The rows so far, by name, in a JSON file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.found: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}

    def keep(self, name: str, value: object) -> None:
        """Add a value to the file."""
        self.found[name] = value
        self._path.write_text(json.dumps(self.found, indent=1))

    def kept(self, name: str, measure: Callable[[], object]) -> Any:
        """A value of the file; what `measure` returns is added where it has none."""
        if name not in self.found:
            self.keep(name, measure())
            print(f"{name}: {self.found[name]}", flush=True)
        return self.found[name]


def main() -> None:
    """Print the search, then the table."""
    parser = argparse.ArgumentParser(description="What a search finds on CIFAR-10.")
    parser.add_argument("--train", default="../shared/data/cifar10_train.npz")
    parser.add_argument("--test", default="../shared/data/cifar10_test.npz")
    parser.add_argument("--home", required=True, type=Path, help="data folder, kept")
    parser.add_argument("--results", required=True, type=Path, help="JSON file, kept")
    parser.add_argument("--space", default="residual", help="search space")
    parser.add_argument("--images", type=int, default=10_000, help="training images of the search")
    parser.add_argument("--all-images", type=int, default=50_000, help="for training and validation in the end")
    parser.add_argument("--pool", type=int, default=20)
    parser.add_argument("--children", type=int, default=20)
    parser.add_argument("--epochs", type=int, default=8, help="of the search")
    parser.add_argument("--long-epochs", type=int, default=8, help="on all images")
    options = parser.parse_args()
    warnings.simplefilter("ignore", remap.RemapWarning)
    results = Results(options.results)
    name = _dataset(options)
    with single_threaded():
        lab = _lab(options, f"{name}#{_subset(options.images)}", options.epochs)
        finalists = dict(_finalists(lab, _search(lab, options, results)))
        full = name if options.all_images == 50_000 else f"{name}#{_subset(round(0.85 * options.all_images))}"
        long = remap.open(options.home, dataset=full, epochs=options.long_epochs, recipe="quick", batch_size=BATCH)
        for title, architecture in finalists.items():
            trained = results.kept(title, partial(_trained, long, architecture))
            results.kept(f"{title}, seconds", partial(_seconds, lab, trained))
        for title in KNOWN:
            results.kept(f"{title}, tuned", partial(_tuned, long, results.found[title]))
    _print_table(finalists, results.found)


def _dataset(options: argparse.Namespace) -> str:
    """The data set's name in the data folder, with the official test images."""
    for kept in kept_datasets(options.home):
        return kept.name
    train, test = np.load(options.train), np.load(options.test)
    options.home.mkdir(parents=True, exist_ok=True)
    together = options.home / "cifar10.npz"
    np.savez(
        together,
        x_train=train["images"],
        y_train=train["labels"],
        x_test=test["images"],
        y_test=test["labels"],
        class_names=train["class_names"],
    )
    added = remap.datasets.add(together, "cifar10", home=options.home, augmentation=())
    together.unlink()
    return added.name


def _subset(images: int) -> int:
    """How large a subset has so many training images: 85 % of 50,000 train, and 10,000 test."""
    return round(images / (0.85 * 50_000) * 60_000)


def _lab(options: argparse.Namespace, dataset: str, epochs: int) -> Lab:
    return remap.open(
        options.home,
        dataset=dataset,
        epochs=epochs,
        recipe="quick",
        max_parameters=BANDS[-1][1],
        max_multiply_adds=MAX_MULTIPLY_ADDS,
    )


def _search(lab: Lab, options: argparse.Namespace, results: Results) -> list[Model]:
    """The winner in each band, after the pool and the rounds of children."""
    models = list(lab.train(_pool(lab, options), progress=False))
    _report(models, results, "pool")
    for number in range(ROUNDS):
        children = _children(models, options.children // ROUNDS, seed=number)
        models += lab.train(children, progress=False)
        _report(models, results, f"round {number + 1}")
    return [_best(models, band) for band in BANDS]


def _pool(lab: Lab, options: argparse.Namespace) -> list[Design]:
    plan = plan_of(lab.settings, lab.card, options.space)
    small = replace(plan, caps=tightest((*plan.caps, Cap(Cost.PARAMETERS, BANDS[0][1]))))
    sampled = small.sample(options.pool // 2, SEED)
    known = {architecture.fingerprint for architecture in sampled}
    sampled += plan.sample(options.pool - len(sampled), SEED + 1, known)
    return [design_of(architecture, Origin.INITIAL, plan.space.name) for architecture in sampled]


def _best(models: Sequence[Model], band: tuple[int, int]) -> Model:
    low, high = band
    return max((model for model in models if low <= model.parameters <= high), key=lambda model: model.accuracy or 0)


def _children(models: Sequence[Model], number: int, seed: int) -> list[Design]:
    """As many in each band, none of a network that was trained already."""
    known = {model.architecture.fingerprint for model in models}
    chosen: list[Design] = []
    for place, (low, high) in enumerate(BANDS, start=1):
        for design in _offspring(_best(models, (low, high)), seed):
            if len(chosen) == number * place // len(BANDS):
                break
            fits = low <= design.parameters <= high and design.multiply_adds <= MAX_MULTIPLY_ADDS
            if fits and design.architecture.fingerprint not in known:
                known.add(design.architecture.fingerprint)
                chosen.append(design)
    return chosen


def _offspring(parent: Model, seed: int) -> Iterator[Design]:
    """Two handcrafted, an ablation, two variations, then more of each; not all of them fit."""
    handcrafted = _handcrafted(parent)
    ablations = iter(parent.ablations())
    variations = iter(parent.variations(children=12, seed=seed))
    sources = (handcrafted, handcrafted, ablations, variations, variations)
    for _ in range(10):
        for source in sources:
            design = next(source, None)
            if design is not None and not design.problem:
                yield design


def _handcrafted(parent: Model) -> Iterator[Design]:
    """From the last block to the first: the block once more, the block half as wide again."""
    layers = parent.architecture.layers
    for place in reversed(range(len(layers))):
        layer = layers[place]
        if isinstance(layer, Residual | InvertedResidual):
            yield parent.edited().insert(place + 1, replace(layer, stride=1).text())
            yield parent.edited().set(place, filters=8 * round(layer.filters * 1.5 / 8))


def _report(models: Sequence[Model], results: Results, title: str) -> None:
    rows = [
        {
            "origin": model.origin,
            "edits": model.edits,
            "layers": model.text,
            "parameters": model.parameters,
            "multiply_adds": model.multiply_adds,
            "validation": model.accuracy,
        }
        for model in models
    ]
    results.keep(title, rows)
    best = [_best(models, band) for band in BANDS]
    texts = [f"{model.accuracy:.1%} with {model.parameters:,} parameters" for model in best]
    print(f"{title}: {len(models)} models, best {', '.join(texts)}", flush=True)


def _finalists(lab: Lab, winners: Sequence[Model]) -> Iterator[tuple[str, Architecture]]:
    for (_, high), winner in zip(BANDS, winners, strict=True):
        yield f"best with at most {high:,}", winner.architecture
    for title, text in KNOWN.items():
        yield title, Architecture(lab.card.input_shape, lab.card.classes, parse_layers(text))


def _trained(lab: Lab, architecture: Architecture) -> dict[str, Any]:
    """Trained by the product. Activations: peak in int8, in KB."""
    model = lab.train(architecture, progress=False)[0]
    sealed = score(model.trial, home=lab.folder.home, device="cpu")
    return {
        "layers": model.text,
        "parameters": model.parameters,
        "multiply_adds": model.multiply_adds,
        "activations": architecture.peak_values / KILOBYTE,
        "validation": model.accuracy,
        "test": sealed.right / sealed.images,
        "source": str(model.export(lab.folder.home / f"model_{model.id}.py")),
    }


def _seconds(lab: Lab, trained: dict[str, Any]) -> dict[str, Any]:
    """Processor time of one epoch by our training and by the tuned loop, on the images of the search."""
    dataset = load_dataset(lab.dataset, lab.folder.home)
    config = TrainingConfig(epochs=1, batch_size=BATCH, recipe=QUICK)
    architecture = Architecture(dataset.input_shape, dataset.classes, parse_layers(trained["layers"]))
    trial = Trial(1, Proposal(architecture, dataset.name, config), TrialState.RUNNING, 1.0, 1, 0.0)
    start = time.process_time()
    next(train(trial, dataset, device="cpu"))
    ours = time.process_time() - start
    tuned = train_tuned(Path(trained["source"]), dataset, config)
    return {"ours": ours, "tuned": tuned.seconds, "bf16": tuned.bf16}


def _tuned(lab: Lab, trained: dict[str, Any]) -> dict[str, float]:
    dataset = load_dataset(lab.dataset, lab.folder.home)
    config = TrainingConfig(epochs=lab.settings.epochs, batch_size=BATCH, recipe=QUICK)
    tuned = train_tuned(Path(trained["source"]), dataset, config)
    return {"validation": tuned.validation, "test": tuned.test}


def _print_table(titles: Iterable[str], found: dict[str, Any]) -> None:
    base = found[f"{RESNET}, seconds"]
    print(
        "network                     parameters  M mult-adds  KB  validation   test  tuned test  ours s  tuned s  "
        "of ResNet-20's"
    )
    for title in titles:
        row, seconds = found[title], found[f"{title}, seconds"]
        tuned = found.get(f"{title}, tuned", {"test": math.nan})["test"]
        print(
            f"{title:26}  {row['parameters']:10,}  {row['multiply_adds'] / 1e6:11.1f}  {row['activations']:3.0f} "
            f"{row['validation']:11.2%} {row['test']:6.2%}  {tuned:10.2%}  {seconds['ours']:6.1f}  "
            f"{seconds['tuned']:7.1f}  {seconds['tuned'] / base['tuned']:14.2f}  {row['layers']}"
        )


if __name__ == "__main__":
    main()
