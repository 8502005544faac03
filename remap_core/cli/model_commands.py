"""Commands that queue models or report finished ones: `remap sample`, `repeat`, `finish` and others."""

from __future__ import annotations

import time
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from remap_core.catalogue.snapshot import open_snapshot
from remap_core.cli.halving_lines import halving_lines
from remap_core.cli.options import DatasetName, ModelId, TargetName, target_for
from remap_core.cli.output_files import write_output
from remap_core.cli.sent_proposals import newest_catalogue, send
from remap_core.data_folder.folder import DataFolder
from remap_core.datasets.augmentation import suggested_augmentation
from remap_core.datasets.dataset import load_dataset, to_download
from remap_core.datasets.preparation.resolving import resolve
from remap_core.datasets.recipe import AUGMENTATIONS, Choices
from remap_core.drawing.report import report_html
from remap_core.errors import ExportFailed, NotFound
from remap_core.formatting import model_name, pluralize
from remap_core.services.halving_report import halving_replay
from remap_core.services.pace import pace_in
from remap_core.services.proposals import plan_of, propose_finish, propose_initial, propose_repeats
from remap_core.services.reports import report_of
from remap_core.setting_sources import read_settings
from remap_core.space.caps import caps_text
from remap_core.trials.training_config import MAX_EPOCHS
from remap_core.trials.trial import MAX_REPEATS, TrialState

MAX_SAMPLED = 100_000


def sample(
    n: Annotated[int, typer.Option(min=1, max=MAX_SAMPLED, help="Number of architectures.")] = 100,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the sampling.")] = 0,
    dataset: DatasetName = None,
    space: Annotated[str, typer.Option(help="Search space or a .toml file of one; default: REMAP_SPACE.")] = "",
    target: TargetName = None,
) -> None:
    """Sample architectures and queue them.

    None of them is in the catalogue yet. Works without a trainer: they wait for the next one.
    """
    settings, _ = read_settings()
    folder = DataFolder(settings.home)
    catalogue = newest_catalogue(folder)
    known_datasets = catalogue.datasets() if catalogue else ()
    name = resolve(dataset or settings.dataset, folder.home, known=known_datasets)
    if address := to_download(name, folder.home):
        typer.echo(f"Downloading {name} from {address}")
    card = load_dataset(name, folder.home).card()
    known: Collection[str] = ()
    if catalogue:
        known = catalogue.fingerprints(card.name)
    device = target_for(target, card)
    plan = plan_of(settings, card, space, pace_in(catalogue), caps=device.caps if device else ())
    proposals = propose_initial(settings, card, n, seed, known, plan=plan)
    subject = f"{pluralize(n, 'architecture')} of {plan.space.name} for {card.name} (seed {seed})"
    send(folder, catalogue, proposals, subject, plan.caps)
    typer.echo(f"Sampled with {caps_text(plan.caps)}.")


def repeat(
    model: ModelId,
    seeds: Annotated[int, typer.Option(min=1, max=MAX_REPEATS, help="Number of new seeds.")] = 3,
) -> None:
    """Train a complete model again with other seeds: its accuracy becomes a mean with a spread.

    It stays one model everywhere. Works without a trainer: the trainings wait for the next one.
    """
    settings, _ = read_settings()
    folder = DataFolder(settings.home)
    catalogue = open_snapshot(folder)
    repeated = catalogue.trial(catalogue.trial(model).model)
    proposals = propose_repeats(catalogue, repeated, seeds, time.time())
    used_seeds = ", ".join(str(proposal.config.seed) for proposal in proposals)
    name = model_name(repeated.id)
    send(folder, catalogue, proposals, f"{name} with seed {used_seeds}")


def finish(
    model: ModelId,
    epochs: Annotated[int, typer.Option(min=1, max=MAX_EPOCHS, help="Number of epochs.")] = 30,
    augment: Annotated[
        list[str] | None,
        typer.Option(help=f"{', '.join(AUGMENTATIONS)}; may be repeated. Default: what suits most images."),
    ] = None,
) -> None:
    """Train a complete model further from its weights, with the recipe `thorough`: exports then take the more
    accurate weights.

    It stays one model everywhere, with the accuracy that compares. Works without a trainer: the training waits for the
    next one.
    """
    settings, _ = read_settings()
    folder = DataFolder(settings.home)
    catalogue = open_snapshot(folder)
    finished = catalogue.trial(catalogue.trial(model).model)
    suggested = suggested_augmentation(*finished.architecture.input_shape)
    changes = Choices(augmentation=tuple(augment or suggested)).augmentation or ()  # type: ignore[arg-type]
    proposal = propose_finish(catalogue, finished, epochs, changes, time.time())
    send(folder, catalogue, [proposal], f"{model_name(finished.id)} for {replace(proposal.config, start=None).title}")


def halving(dataset: DatasetName = None) -> None:
    """Show which of the best initial models REMAP_HALVING would have pruned, and how many epochs it would have saved.

    Replays the learning curves of models that were trained to the end; nothing is trained and nothing changes.
    """
    settings, _ = read_settings()
    folder = DataFolder(settings.home)
    catalogue = open_snapshot(folder)
    name = resolve(dataset or settings.dataset, folder.home, known=catalogue.datasets())
    trials, replay = halving_replay(catalogue, name)
    for line in halving_lines(name, trials, replay):
        typer.echo(line)
    pruned = catalogue.counts()[TrialState.PRUNED]
    if pruned:
        typer.echo(f"{pluralize(pruned, 'model')} already pruned, so this replay says little about halving.")


def report(
    models: Annotated[
        list[int] | None, typer.Argument(metavar="[ID]...", help="Models to report in full detail.")
    ] = None,
    *,
    out: Annotated[Path, typer.Option("--out", "-o", help="File to write: .html.")],
    dataset: Annotated[str | None, typer.Option(help="Data set; default: the first in the catalogue.")] = None,
) -> None:
    """Write a report: the Pareto front of a data set's models, and full details of some models.

    One HTML file that needs nothing else; networks are drawn as vectors, and it prints well.
    """
    settings, _ = read_settings()
    catalogue = open_snapshot(DataFolder(settings.home))
    names = catalogue.datasets()
    if not names:
        raise NotFound("The trainer has not prepared a data set yet.")
    population = catalogue.population(dataset or names[0])
    contents = report_of(catalogue, population, models or [], time.time())
    html = report_html(contents)
    write_output(out, html.encode(), "The report", ExportFailed)
    typer.echo(f"Wrote a report to {out}.")
