"""`remap halving`: what successive halving would have missed in a population that was trained in full."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated

import typer

from remap_core.catalogue.snapshot import open_snapshot
from remap_core.data_folder.folder import DataFolder
from remap_core.datasets.names import canonical_name
from remap_core.services.comparison import front
from remap_core.services.halving_report import halving_replay
from remap_core.settings import read_settings
from remap_core.trials.halving import REDUCTION_FACTOR, HalvingReplay, rungs
from remap_core.trials.trial import Trial, TrialState

BEST = 5


def halving(
    dataset: Annotated[str | None, typer.Option(help="As REMAP_DATASET, which is the default.")] = None,
) -> None:
    """Show which of the best initial models REMAP_HALVING would have pruned, and how many epochs it would have saved.

    Replays the learning curves of models that were trained to their end; nothing is trained and nothing changes.
    """
    settings, _ = read_settings()
    catalogue = open_snapshot(DataFolder(settings.home))
    name = canonical_name(dataset or settings.dataset)
    trials, seen = halving_replay(catalogue, name)
    for line in _lines(name, trials, seen):
        typer.echo(line)
    if pruned := catalogue.counts()[TrialState.PRUNED]:
        typer.echo(f"Pruned already: {pruned:,}; what is left says little about halving.")


def _lines(dataset: str, trials: Sequence[Trial], seen: HalvingReplay) -> Iterator[str]:
    """The report for people."""
    epochs = trials[0].proposal.config.epochs
    yield f"{seen.models} initial models of {dataset}, trained for {epochs} epochs at most: {seen.epochs:,} epochs."
    yield f"Halved: {_stages(seen, epochs)}; {seen.halved_epochs:,} epochs, {seen.saved:.0%} fewer."
    best = sorted(trials, key=lambda trial: -(trial.accuracy or 0.0))[:BEST]
    yield from _fates(f"The best {len(best)} by validation accuracy", best, seen)
    yield from _fates("The Pareto front of accuracy against parameters", front(trials), seen)


def _stages(seen: HalvingReplay, epochs: int) -> str:
    left, stages = seen.models, []
    for rung in rungs(epochs):
        stages.append(f"{left} to epoch {rung}")
        left -= sum(pruning.epoch == rung for pruning in seen.pruned.values())
    return ", ".join([*stages, f"{left} to the end"]) + f" (one in {REDUCTION_FACTOR} goes on)"


def _fates(title: str, models: Sequence[Trial], seen: HalvingReplay) -> Iterator[str]:
    missed = sum(trial.id in seen.pruned for trial in models)
    yield f"{title}: {missed} of {len(models)} would have been missed."
    for trial in models:
        fate = seen.pruned[trial.id].sentence if trial.id in seen.pruned else "Kept."
        yield (
            f"  model {trial.id}: {trial.accuracy or 0.0:.1%} with {trial.architecture.parameters:,} parameters. {fate}"
        )
