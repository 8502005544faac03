"""`remap suggest`: which models to train next."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Annotated

import typer

from remap_core.analysis.suggest.batch import PLAIN
from remap_core.analysis.suggest.suggestion import Suggestion
from remap_core.catalogue.reader import Catalogue
from remap_core.cli.options import AsJson, DatasetName, TargetName, target_for
from remap_core.cli.sent_proposals import newest_catalogue, send
from remap_core.data_folder.folder import DataFolder
from remap_core.datasets.dataset import load_dataset
from remap_core.datasets.preparation.resolving import resolve
from remap_core.formatting import duration, model_tag, percent, pluralize, predicted_accuracy
from remap_core.services.proposals import caps_on_children
from remap_core.services.suggestions.suggesting import MAX_STEP, MAX_SUGGESTIONS, propose_suggestions, suggest
from remap_core.setting_sources import read_settings
from remap_core.settings import Settings
from remap_core.space.text import layers_text
from remap_core.trials.dataset_card import DatasetCard
from remap_core.views.objective import Objective
from remap_core.views.view import View

MaxParameters = Annotated[int | None, typer.Option(min=1, help="Cap on the parameters of a suggestion.")]
Explore = Annotated[
    float, typer.Option(min=0, max=1, help="0 takes predictions for granted, 1 counts their uncertainty double.")
]
Step = Annotated[int, typer.Option(min=1, max=MAX_STEP, help="Edits that a suggestion may be away from its parent.")]


def suggest_models(
    n: Annotated[int, typer.Option("-n", min=1, max=MAX_SUGGESTIONS, help="Number of suggestions.")] = 5,
    dataset: DatasetName = None,
    max_parameters: MaxParameters = None,
    target: TargetName = None,
    explore: Explore = PLAIN,
    *,
    step: Step = 1,
    train: Annotated[bool, typer.Option("--train", help="Queue the suggestions.")] = False,
    as_json: AsJson = False,
) -> None:
    """Suggest which models to train next, with what is expected of each and why.

    Edits of the models near the Pareto front, merges of linear layers, and new samples. Works without a trainer.
    """
    settings, _ = read_settings()
    folder = DataFolder(settings.home)
    catalogue = newest_catalogue(folder)
    card = known_card(settings, folder, catalogue, dataset)
    view = View(Objective(max_parameters=max_parameters, target=target_for(target, card)))
    found = suggest(catalogue, settings, card, view, n, explore=explore, step=step)
    if as_json:
        typer.echo(json.dumps([one.to_json() for one in found], indent=2))
    else:
        for number, one in enumerate(found, start=1):
            typer.echo("\n".join(_lines(number, one)))
    if len(found) < n:
        typer.echo(f"There are only {pluralize(len(found), 'new model')} to suggest.", err=True)
    if train:
        proposals = propose_suggestions(found, time.time())
        subject = f"{pluralize(len(proposals), 'suggestion')} for {card.name}"
        caps = caps_on_children(settings, view.objective)
        send(folder, catalogue, proposals, subject, caps, quietly=as_json)


def known_card(settings: Settings, folder: DataFolder, catalogue: Catalogue | None, dataset: str | None) -> DatasetCard:
    """The card of the data set that a command names, from the catalogue where that knows it. Raises DatasetError."""
    known = catalogue.datasets() if catalogue else []
    name = resolve(dataset or settings.dataset, folder.home, known=known)
    if catalogue and name in known:
        return catalogue.dataset(name)
    return load_dataset(name, folder.home).card()


def _lines(number: int, one: Suggestion) -> Iterator[str]:
    yield f"{number}. {layers_text(one.architecture.layers)}"
    if one.parent:
        yield f"   {model_tag(one.parent)}: {one.edit}"
    yield (
        f"   {predicted_accuracy(one.accuracy, one.low, one.high)}, {pluralize(one.parameters, 'parameter')}, "
        f"about {duration(one.seconds)}, {percent(one.chance, decimals=0)} chance to move the front"
    )
    yield f"   {one.reason}"
