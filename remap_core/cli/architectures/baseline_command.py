"""`remap baselines`: published networks to compare with."""

from __future__ import annotations

import json
import time
from typing import Annotated, Any

import typer

from remap_core.cli.options import AsJson, DatasetName
from remap_core.cli.sent_proposals import newest_catalogue, send
from remap_core.cli.suggestions.suggestion_commands import known_card
from remap_core.data_folder.folder import DataFolder
from remap_core.errors import InvalidArchitecture
from remap_core.formatting import count, pluralize
from remap_core.services.proposals import baseline_source, propose_designs
from remap_core.services.sampling import set_caps
from remap_core.setting_sources import read_settings
from remap_core.space.baselines.named_baselines import BASELINES, Baseline, find_baseline
from remap_core.space.text import layers_text
from remap_core.trials.dataset_card import DatasetCard
from remap_core.trials.trial import Origin


def baselines(
    train: Annotated[list[str] | None, typer.Option(help="Queue this one; may be repeated.", metavar="NAME")] = None,
    dataset: DatasetName = None,
    *,
    as_json: AsJson = False,
) -> None:
    """List published networks, fitted to a data set, and queue those to compare with.

    LeNet-5, ResNet-20 and the paper's three picks. Works without a trainer: they wait for the next one.
    """
    settings, _ = read_settings()
    folder = DataFolder(settings.home)
    catalogue = newest_catalogue(folder)
    card = known_card(settings, folder, catalogue, dataset)
    wanted = [find_baseline(name) for name in train or ()]
    fitted = [(one.name, one.fitted(card.input_shape, card.classes)) for one in wanted]
    if not wanted:
        _list(card, as_json=as_json)
    for name, architecture in fitted:
        source = baseline_source(name)
        proposals = propose_designs(settings, card, [architecture], Origin.HANDCRAFTED, time.time(), source=source)
        send(folder, catalogue, proposals, f"{name} for {card.name}", set_caps(settings), quietly=as_json)


def _list(card: DatasetCard, *, as_json: bool) -> None:
    forms = [_form(card, baseline) for baseline in BASELINES.values()]
    if as_json:
        typer.echo(json.dumps(forms, indent=2))
        return
    for form in forms:
        if form["problem"]:
            typer.echo(form["problem"])
            continue
        typer.echo(
            f"{form['name']}: {pluralize(form['parameters'], 'parameter')}, {count(form['multiply_adds'])} "
            f"multiply-adds. {form['source']}."
        )
        typer.echo(f"   {form['layers']}")


def _form(card: DatasetCard, baseline: Baseline) -> dict[str, Any]:
    form: dict[str, Any] = {"name": baseline.name, "source": baseline.source, "about": baseline.about, "problem": ""}
    try:
        fitted = baseline.fitted(card.input_shape, card.classes)
    except InvalidArchitecture as error:
        return form | {"problem": str(error)}
    costs = {"parameters": fitted.parameters, "multiply_adds": fitted.multiply_adds}
    return form | costs | {"layers": layers_text(fitted.layers)}
