"""The walk of the paper's use case without a browser: from a population to a small, accurate model.

    python docs/examples/usecase.py FOLDER

Trains about two dozen small networks on scikit-learn's digits in FOLDER, which takes a minute or two.
"""

from __future__ import annotations

import sys
import time
from functools import partial
from pathlib import Path

import numpy as np

from remap_core.services.comparison import compare_predictions
from remap_core.services.proposals import parameter_cap
from remap_core.services.proposals import preview_children
from remap_core.services.proposals import propose_children
from remap_core.services.proposals import propose_initial
from remap_core.data_folder.folder import DataFolder
from remap_core.data_folder.inbox import Inbox
from remap_core.catalogue.reader import Catalogue
from remap_core.catalogue.store import CatalogueStore
from remap_core.analysis.durations import estimate_time
from remap_core.trials.commands import Enqueue
from remap_core.trainer.executors.inline import InlineExecutor
from remap_core.trainer.worker import Worker
from remap_core.trials.population import pareto_front
from remap_core.settings import Settings
from remap_core.space.draft import Draft
from remap_core.space.edits import ablations
from remap_core.space.search_spaces import REMAP_2019
from remap_core.space.text import layers_text
from remap_core.space.variations import KINDS, VariationRequest, variations
from remap_core.datasets.dataset import load_dataset
from remap_core.training.worker_session import train_trial
from remap_core.trials.trial import Origin, Trial
from remap_core.views.objective import Objective

Children = list[Trial]


class Lab:
    """A catalogue, its inbox and a trainer in one process: what is asked for is trained before `train` returns."""

    def __init__(self, home: Path, settings: Settings) -> None:
        self.cap = parameter_cap(settings, Objective())
        self.folder = DataFolder(home)
        self.store = CatalogueStore.open(self.folder)
        self.inbox = Inbox(self.folder)
        executor = InlineExecutor(partial(train_trial, home=home, device="cpu"))
        self.worker = Worker(self.store, self.inbox, executor, lambda name: load_dataset(name).card())

    @property
    def catalogue(self) -> Catalogue:
        """All that is known by now."""
        return self.store.catalogue()

    def train(self, command: Enqueue) -> str:
        """Send the command, train what it asks for, and return the trainer's answer."""
        sent = self.inbox.send(command, time.time())
        self.worker.tick(time.time())
        while self.worker.is_busy:
            self.worker.tick(time.time())
        receipt = self.catalogue.receipt(sent)
        return receipt.message if receipt else "no answer"

    def train_children(self, origin: Origin, candidates: list) -> Children:
        """Preview (parent, candidate) pairs, train those that are new, and return the children of their parents."""
        estimate = estimate_time(self.catalogue.measured("digits"))
        previews = preview_children(self.catalogue, candidates, self.cap, estimate)
        proposals = propose_children(origin, previews, time.time())
        if proposals:
            self.train(Enqueue(proposals))
        return self.catalogue.batch(proposals[0].batch) if proposals else []


def three_on_the_front(lab: Lab) -> Children:
    """The smallest model of the Pareto front, the most accurate one, and one between them."""
    population = lab.catalogue.population("digits")
    front = pareto_front(population.parameters, population.accuracy)
    chosen = dict.fromkeys(front[place] for place in (0, len(front) // 2, -1))
    return lab.catalogue.trials([int(population.id[row]) for row in chosen])


def ablate(lab: Lab, parent: Trial) -> Children:
    """The model without each of its layers."""
    return lab.train_children(Origin.ABLATION, [(parent, found) for found in ablations(parent.architecture)])


def vary_pools(lab: Lab, parent: Trial, children: int) -> Children:
    """Random neighbours of the model: everything is allowed along its pools, its other layers stay."""
    layers = parent.architecture.layers
    pools = {index for index, layer in enumerate(layers) if layer.kind in ("max_pool2d", "avg_pool2d")}
    allowed = dict.fromkeys(pools or range(len(layers)), frozenset(KINDS))
    request = VariationRequest(children, 1, allowed)
    cap, rng = lab.cap.most, np.random.default_rng(0)
    found = variations(parent.architecture, REMAP_2019, request, rng, max_parameters=cap)
    return lab.train_children(Origin.VARIATION, [(parent, child) for child in found.children])


def handcraft(lab: Lab, parent: Trial) -> Children:
    """Three drafts by hand: a convolution first, more of the same, and a small dense layer before the head."""
    start = Draft.of(parent.architecture)
    conv = {"kernel_size": 3, "filters": 16}
    drafts = [
        start.inserted(0, "conv2d", conv),
        start.inserted(0, "activation", {"function": "relu"}).inserted(0, "conv2d", conv),
        start.inserted(len(start.layers), "dense", {"units": 16}),
    ]
    return lab.train_children(Origin.HANDCRAFTED, [(parent, draft.candidate()) for draft in drafts])


def comparison(lab: Lab, models: Children, baseline: Trial) -> list[str]:
    """One line a model: accuracy, parameters, and whether it differs from the baseline by more than chance."""
    lines = []
    for model in sorted(models, key=lambda trial: trial.architecture.parameters):
        accuracy = lab.catalogue.trial(model.id).last.validation_accuracy
        noise = "" if model.id == baseline.id else compare_predictions(lab.catalogue, model, baseline).p
        against = f"p = {noise:.3f} against #{baseline.id}" if noise != "" else "the baseline"
        layers = layers_text(model.architecture.layers)
        lines.append(f"#{model.id:<3} {accuracy:6.1%} {model.architecture.parameters:>9,}  {against:<26} {layers}")
    return lines


def walk(home: Path, population: int = 12, epochs: int = 5, children: int = 4) -> list[str]:
    """The whole use case; returns the comparison at its end."""
    settings = Settings(home=home, epochs=epochs, max_parameters=60_000)
    lab = Lab(home, settings)
    lab.train(Enqueue(propose_initial(settings, load_dataset("digits").card(), population, seed=0)))
    chosen = three_on_the_front(lab)
    smallest = chosen[0]
    made = [*ablate(lab, smallest), *vary_pools(lab, smallest, children), *handcraft(lab, smallest)]
    finished = [trial for trial in lab.catalogue.trials([trial.id for trial in made]) if trial.last]
    best = max(finished, key=lambda trial: trial.last.validation_accuracy)
    models = {trial.id: trial for trial in (*chosen, best, *finished)}
    lines = comparison(lab, list(models.values()), smallest)
    lab.store.close()
    return lines


if __name__ == "__main__":
    print("\n".join(walk(Path(sys.argv[1]))))
