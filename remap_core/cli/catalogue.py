"""`remap sample` and `remap repeat`: asking the trainer for models."""

from __future__ import annotations

import time
from typing import Annotated

import typer

from remap_core.analysis.durations import estimate_time, queue_seconds
from remap_core.catalogue.snapshot import open_snapshot
from remap_core.data_folder.folder import DataFolder
from remap_core.data_folder.heartbeat import read_trainer
from remap_core.data_folder.inbox import Inbox
from remap_core.datasets.dataset import load_dataset, to_download
from remap_core.datasets.names import canonical_name
from remap_core.errors import NoCatalogue
from remap_core.services.proposals import propose_initial, propose_repeats
from remap_core.settings import read_settings
from remap_core.trials.commands import Enqueue
from remap_core.trials.trial import MAX_REPEATS, Trial, TrialState


def sample(
    n: Annotated[int, typer.Option(min=1, max=100_000, help="How many architectures.")] = 100,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the sampling.")] = 0,
    dataset: Annotated[str | None, typer.Option(help="As REMAP_DATASET, which is the default.")] = None,
) -> None:
    """Sample architectures and put them into the queue.

    None is a duplicate of what the catalogue holds. Works without a trainer: the next one takes them up.
    """
    settings, _ = read_settings()
    folder = DataFolder(settings.home)
    name = canonical_name(dataset or settings.dataset)
    if address := to_download(name, folder.home):
        typer.echo(f"Downloading {name} from {address}")
    card = load_dataset(name, folder.home).card()
    proposals = propose_initial(settings, card, n, seed, _known(folder, card.name))
    command = Inbox(folder).send(Enqueue(proposals), time.time())
    typer.echo(f"Sent {n} architectures for {card.name} (seed {seed}) as command {command}.")
    if read_trainer(folder, time.time()) is None:
        typer.echo("No trainer is alive; they wait for one: remap trainer")


def repeat(
    model: Annotated[int, typer.Argument(metavar="ID", help="The model, by its number.")],
    seeds: Annotated[int, typer.Option(min=1, max=MAX_REPEATS, help="How many further seeds.")] = 3,
) -> None:
    """Train a complete model again with other seeds: its accuracy becomes a mean with a spread.

    It stays one model everywhere. Works without a trainer: the next one takes the trainings up.
    """
    settings, _ = read_settings()
    folder = DataFolder(settings.home)
    catalogue = open_snapshot(folder)
    repeated = catalogue.trial(catalogue.trial(model).model)
    proposals = propose_repeats(catalogue, repeated, seeds, time.time())
    command = Inbox(folder).send(Enqueue(proposals), time.time())
    chosen = ", ".join(str(proposal.config.seed) for proposal in proposals)
    typer.echo(f"Sent model {repeated.id} with seed {chosen} as command {command}.")
    trainer = read_trainer(folder, time.time())
    estimate = estimate_time(catalogue.measured(repeated.proposal.dataset))
    if estimate:
        waiting = [Trial(0, proposal, TrialState.WAITING, 0.0, 1, 0.0) for proposal in proposals]
        seconds = queue_seconds(waiting, {repeated.proposal.dataset: estimate}, trainer.workers if trainer else 1)
        typer.echo(f"They take about {seconds:.0f} s, once it is their turn.")
    if trainer is None:
        typer.echo("No trainer is alive; they wait for one: remap trainer")


def _known(folder: DataFolder, dataset: str) -> set[str]:
    try:
        return set(open_snapshot(folder).fingerprints(dataset))
    except NoCatalogue:
        return set()
