"""Successive halving (Jamieson and Talwalkar 2016): all initial models are trained a little, and only the best further.

After each rung the best third by validation accuracy goes on. Everything follows from the epochs that were recorded,
so that a trainer that was killed comes to the same verdicts as one that was not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from remap_core.trials.evaluation import EpochResult
from remap_core.trials.trial import Origin, Trial, TrialId, TrialState

COMPARISON_EPOCHS = (1, 3)
"""Epochs after which models are compared; who is trained for fewer is not."""
REDUCTION_FACTOR = 3
"""One model in so many goes on from a rung; the literature's eta."""


@dataclass(frozen=True)
class HalvingTrial:
    """An initial model among those that it is compared with: its state, its planned epochs and its first results."""

    trial: TrialId
    state: TrialState
    epochs: int
    curve: tuple[EpochResult, ...]

    def may_reach(self, epoch: int) -> bool:
        """Whether it may still reach an epoch which it has not reached."""
        return len(self.curve) < epoch and not self.state.is_finished()


@dataclass(frozen=True)
class Pruning:
    """A model that is not trained beyond an epoch, as it was but the `rank`-th of `of` (1 is the best)."""

    trial: TrialId
    epoch: int
    rank: int
    of: int

    @property
    def sentence(self) -> str:
        """Why, for people.

        >>> Pruning(7, 1, 31, 40).sentence
        'Pruned after epoch 1: 31st of 40.'
        """
        return f"Pruned after epoch {self.epoch}: {_ordinal(self.rank)} of {self.of}."


@dataclass(frozen=True)
class HalvingDecision:
    """pruned: who is not trained on, from the first rung on; resting: who waits until all the others are compared."""

    pruned: tuple[Pruning, ...] = ()
    resting: frozenset[TrialId] = frozenset()


def judge(contenders: Sequence[HalvingTrial]) -> HalvingDecision:
    """The verdicts on models that were asked for together, from their epochs so far.

    Nobody is judged at a rung before all have reached it or have ended. Who ended short of it is not counted; who is
    pruned or cancelled since is, so that ranks stay.
    """
    racing, pruned = list(contenders), list[Pruning]()
    for epoch in rungs(max((one.epochs for one in contenders), default=0)):
        there = [one for one in racing if len(one.curve) >= epoch]
        if any(one.may_reach(epoch) for one in racing):
            return HalvingDecision(tuple(pruned), frozenset(one.trial for one in there))
        ranked = sorted(there, key=lambda one: _worth(one, epoch))
        going_on = -(-len(ranked) // REDUCTION_FACTOR)
        losers = enumerate(ranked[going_on:], going_on + 1)
        pruned += [Pruning(one.trial, epoch, rank, len(ranked)) for rank, one in losers]
        racing = ranked[:going_on]
    return HalvingDecision(tuple(pruned))


def rungs(epochs: int) -> tuple[int, ...]:
    """The rungs of models that are trained for so many epochs.

    >>> rungs(10), rungs(3)
    ((1, 3), (1,))
    """
    return tuple(rung for rung in COMPARISON_EPOCHS if rung < epochs)


def is_halved(trial: Trial) -> bool:
    """Whether a trial takes part: an initial model, unless a person has asked for it again."""
    return trial.proposal.origin is Origin.INITIAL and trial.attempt == 1


def next_comparison_epoch(trial: Trial) -> int | None:
    """Epoch after which a training rests until it is judged; None where it goes through to its end."""
    ahead = [rung for rung in rungs(trial.proposal.config.epochs) if rung > trial.epochs_done]
    return ahead[0] if ahead and is_halved(trial) else None


@dataclass(frozen=True)
class HalvingReplay:
    """What halving would have made of models that were all trained to their end.

    pruned: by model, in the order of the verdicts. epochs: trained in full; halved_epochs: with halving.
    """

    models: int
    pruned: dict[TrialId, Pruning]
    epochs: int
    halved_epochs: int

    @property
    def saved(self) -> float:
        """Share of the epochs that need not have been trained."""
        return 1 - self.halved_epochs / max(1, self.epochs)


def replay_halving(contenders: Sequence[HalvingTrial]) -> HalvingReplay:
    """The verdicts on a finished population, whose curves are whole, and what they would have saved."""
    trained = {one.trial: len(one.curve) for one in contenders}
    pruned = {one.trial: one for one in judge(contenders).pruned}
    halved = trained | {trial: pruning.epoch for trial, pruning in pruned.items()}
    return HalvingReplay(len(trained), pruned, sum(trained.values()), sum(halved.values()))


def _worth(contender: HalvingTrial, epoch: int) -> tuple[float, float, TrialId]:
    result = contender.curve[epoch - 1]
    return -result.validation_accuracy, result.validation_loss, contender.trial


def _ordinal(number: int) -> str:
    endings = {1: "st", 2: "nd", 3: "rd"}
    return f"{number}{'th' if number % 100 in (11, 12, 13) else endings.get(number % 10, 'th')}"
