"""Successive halving (Jamieson and Talwalkar 2016): train all models of a request briefly, and only the best longer.

Of initial models, and of children that start from their parent's weights: one parent's are compared with one another.

Decisions depend on the recorded epochs alone, so a trainer that was killed and restarted decides the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from remap_core.trials.evaluation import EpochResult
from remap_core.trials.trial import Origin, Trial, TrialId, TrialState

REDUCTION_FACTOR = 3
"""One in so many models survives a comparison: the literature's eta."""


@dataclass(frozen=True)
class HalvingTrial:
    """A model in successive halving: its state, its planned epochs, and the results of its first ones."""

    id: TrialId
    state: TrialState
    epochs: int
    curve: tuple[EpochResult, ...]

    def may_reach(self, epoch: int) -> bool:
        """Whether it has not reached the epoch yet, but still can."""
        return len(self.curve) < epoch and not self.state.is_finished()


@dataclass(frozen=True)
class Pruning:
    """A model that is not trained beyond `epoch`, where it ranked `rank`-th of `of` (1 is the best)."""

    trial: TrialId
    epoch: int
    rank: int
    of: int

    @property
    def sentence(self) -> str:
        """The reason in words.

        >>> Pruning(7, 1, 31, 40).sentence
        'Pruned after epoch 1: 31st of 40.'
        """
        return f"Pruned after epoch {self.epoch}: {_ordinal(self.rank)} of {self.of}."


@dataclass(frozen=True)
class HalvingDecision:
    """pruned: models that are not trained further, by epoch and rank. on_hold: models that wait for a comparison."""

    pruned: tuple[Pruning, ...] = ()
    on_hold: frozenset[TrialId] = frozenset()


def decide(group: Sequence[HalvingTrial]) -> HalvingDecision:
    """Decide from the epochs so far which of the models that were requested together are pruned or put on hold.

    A comparison happens when every surviving model has reached its epoch or has ended. Models that ended before that
    epoch are not ranked. Models that were pruned or cancelled later are, so ranks never change.
    """
    survivors = list(group)
    pruned: list[Pruning] = []
    planned = max((trial.epochs for trial in group), default=0)
    for epoch in comparison_epochs(planned):
        reached = [trial for trial in survivors if len(trial.curve) >= epoch]
        if any(trial.may_reach(epoch) for trial in survivors):
            on_hold = frozenset(trial.id for trial in reached)
            return HalvingDecision(tuple(pruned), on_hold)

        ranked = sorted(reached, key=lambda trial: _rank_key(trial, epoch))
        places = -(-len(ranked) // REDUCTION_FACTOR)  # rounded up
        survivors = ranked[:places]
        for rank, trial in enumerate(ranked[places:], start=places + 1):
            pruned.append(Pruning(trial.id, epoch, rank, of=len(ranked)))
    return HalvingDecision(tuple(pruned))


def comparison_epochs(epochs: int) -> tuple[int, ...]:
    """The epochs after which models that are planned for so many are compared, the rungs of the literature.

    A ninth and a third of them: with one cycle of the learning rate, early epochs of a long training rank badly
    (decision 027).

    >>> comparison_epochs(10), comparison_epochs(30), comparison_epochs(3)
    ((1, 3), (3, 10), (1,))
    """
    parts = {max(1, epochs // REDUCTION_FACTOR**2), max(1, epochs // REDUCTION_FACTOR)}
    return tuple(sorted(part for part in parts if part < epochs))


def is_halved(trial: Trial) -> bool:
    """Whether successive halving may prune the trial: an initial model, or a child that starts from its parent's
    weights, unless it was retried or suggested."""
    proposal = trial.proposal
    is_cheap = proposal.origin is Origin.INITIAL or proposal.inherits
    return is_cheap and trial.attempt == 1 and not proposal.suggested


def next_comparison_epoch(trial: Trial) -> int | None:
    """The epoch after which the training is put on hold until a decision; None where it runs to its end."""
    if not is_halved(trial):
        return None
    for epoch in comparison_epochs(trial.proposal.config.epochs):
        if epoch > trial.epochs_done:
            return epoch
    return None


@dataclass(frozen=True)
class HalvingReplay:
    """What successive halving would have done to models that were all trained to their end.

    pruned: by model, in the order of the decisions. epochs: trained in full; halved_epochs: with halving.
    """

    models: int
    pruned: dict[TrialId, Pruning]
    epochs: int
    halved_epochs: int

    @property
    def saved(self) -> float:
        """The share of the epochs that halving would have saved."""
        return 1 - self.halved_epochs / max(1, self.epochs)


def replay_halving(group: Sequence[HalvingTrial]) -> HalvingReplay:
    """Replay the decisions on a finished population, whose curves are complete."""
    trained = {trial.id: len(trial.curve) for trial in group}
    pruned = {pruning.trial: pruning for pruning in decide(group).pruned}
    halved = dict(trained)
    for trial, pruning in pruned.items():
        halved[trial] = pruning.epoch
    return HalvingReplay(
        models=len(trained),
        pruned=pruned,
        epochs=sum(trained.values()),
        halved_epochs=sum(halved.values()),
    )


def _rank_key(trial: HalvingTrial, epoch: int) -> tuple[float, float, TrialId]:
    """Sorts by accuracy, then loss, then id; the best model first."""
    result = trial.curve[epoch - 1]
    return -result.validation_accuracy, result.validation_loss, trial.id


def _ordinal(number: int) -> str:
    if number % 100 in (11, 12, 13):
        return f"{number}th"
    ending = {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"
