"""The lines that `remap halving` prints."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from remap_core.formatting import model_name, percent, pluralize
from remap_core.services.comparison import front
from remap_core.trials.halving import REDUCTION_FACTOR, HalvingReplay, comparison_epochs
from remap_core.trials.trial import Trial

BEST = 5
"""Most accurate models whose fate is listed."""


def halving_lines(dataset: str, trials: Sequence[Trial], replay: HalvingReplay) -> Iterator[str]:
    """The report on a replay of these trials, for people."""
    epochs = trials[0].proposal.config.epochs
    models = pluralize(replay.models, "initial model")
    total = pluralize(replay.epochs, "epoch")
    yield f"{models} of {dataset}, up to {epochs} epochs each: {total} in total."
    stages = _stages(replay, epochs)
    total = pluralize(replay.halved_epochs, "epoch")
    saved = percent(replay.saved)
    yield f"With halving (1 in {REDUCTION_FACTOR} continues): {stages}; {total}, {saved} fewer."
    best_first = sorted(trials, key=lambda trial: -(trial.accuracy or 0.0))
    best = best_first[:BEST]
    yield from _fates(f"The best {len(best)} by validation accuracy", best, replay)
    yield from _fates("The Pareto front of accuracy against parameters", front(trials), replay)


def _stages(replay: HalvingReplay, epochs: int) -> str:
    pruned_after = Counter(pruning.epoch for pruning in replay.pruned.values())
    remaining = replay.models
    stages = []
    for epoch in comparison_epochs(epochs):
        stages.append(f"{remaining} to epoch {epoch}")
        remaining -= pruned_after[epoch]
    stages.append(f"{remaining} to the end")
    return ", ".join(stages)


def _fates(title: str, models: Sequence[Trial], replay: HalvingReplay) -> Iterator[str]:
    pruned = sum(trial.id in replay.pruned for trial in models)
    yield f"{title}: {pruned} of {len(models)} would have been pruned."
    for trial in models:
        parameters = pluralize(trial.architecture.parameters, "parameter")
        accuracy = trial.accuracy_text()
        fate = _fate(trial, replay)
        yield f"  {model_name(trial.id)}: {accuracy} with {parameters}. {fate}"


def _fate(trial: Trial, replay: HalvingReplay) -> str:
    if trial.id in replay.pruned:
        return replay.pruned[trial.id].sentence
    return "Kept."
