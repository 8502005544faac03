"""What the worker is given from outside: a store to write to and a function that trains."""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator, Sequence
from typing import Protocol

from remap_core.trials.annotations import Annotation
from remap_core.trials.commands import Receipt
from remap_core.trials.dataset_card import DatasetCard
from remap_core.trials.evaluation import EpochResult, Evaluation, SealedScore, SealedTest
from remap_core.trials.halving import HalvingTrial
from remap_core.trials.model_maps import Relation
from remap_core.trials.trial import Place, Proposal, Trial, TrialId

Training = Generator[EpochResult, None, Evaluation]
"""Yields every epoch's result, oldest first, from where a checkpoint left off; returns the evaluation."""


class TrainFunction(Protocol):
    """Trains one trial; raises TrainingFailed with the sentence, or stops early (within one batch) when told to."""

    def __call__(self, trial: Trial, should_stop: Callable[[], bool]) -> Training:
        """A generator that does one epoch a step."""


class ScoreFunction(Protocol):
    """Scores a COMPLETE trial on the sealed test images; raises TrainingFailed with the sentence."""

    def __call__(self, trial: Trial) -> SealedScore:
        """The score, within seconds."""


class Store(Protocol):
    """The catalogue as its one writer sees it. Every method is one transaction; times are seconds since 1970."""

    def apply_once(self, command: str, kind: str, now: float, action: Callable[[], str]) -> Receipt:
        """Run `action` and write its receipt in one transaction; the stored receipt if `command` is known already.

        `action` returns what was done, in words. Where it raises CommandRefused (or NotFound), nothing of it stays
        and the receipt says REFUSED with that reason.
        """

    def enqueue(self, proposals: Sequence[Proposal], now: float) -> list[TrialId]:
        """Add WAITING trials at the end of the queue; returns their ids (1, 2, ...: never reused), in order."""

    def find_same_training(self, proposal: Proposal) -> TrialId | None:
        """The WAITING, RUNNING or COMPLETE trial that is the same training (see Proposal.same_training)."""

    def trial(self, trial: TrialId) -> Trial:
        """The trial; raises NotFound."""

    def claim(self, now: float, on_hold: Collection[TrialId] = ()) -> Trial | None:
        """Take the first WAITING trial that is not `on_hold` (it is RUNNING now); None for none or a paused queue."""

    def record_epoch(self, trial: TrialId, result: EpochResult) -> None:
        """Store an epoch of a RUNNING trial's present attempt; storing the same epoch again replaces it."""

    def complete(self, trial: TrialId, evaluation: Evaluation, now: float) -> None:
        """RUNNING -> COMPLETE with what it predicts; raises InvalidTrial where that does not fit the data set."""

    def fail(self, trial: TrialId, sentence: str, now: float) -> None:
        """RUNNING -> FAILED with the reason."""

    def prune(self, trial: TrialId, sentence: str, now: float) -> None:
        """WAITING -> PRUNED with the reason; its epochs stay."""

    def halving_groups(self) -> list[tuple[HalvingTrial, ...]]:
        """First attempts of initial models that were asked for together and alike, where any waits or runs still.

        Each with its results up to the last rung; by id.
        """

    def cancel(self, trial: TrialId, now: float) -> None:
        """WAITING or RUNNING -> CANCELLED; raises CommandRefused for a finished trial, NotFound for none."""

    def cancel_batch(self, batch: str, now: float) -> list[TrialId]:
        """WAITING or RUNNING -> CANCELLED for all of a batch; returns their ids, in order.

        Raises NotFound for a batch that never was, CommandRefused for one that is finished.
        """

    def retry(self, trial: TrialId, now: float) -> None:
        """FAILED, CANCELLED or PRUNED -> WAITING at the end of the queue, as the next attempt, from its beginning.

        Raises CommandRefused for a trial in another state, and where the same training is in the catalogue again.
        """

    def move(self, trial: TrialId, place: Place) -> None:
        """Change the place of a WAITING trial; raises CommandRefused for one that does not wait."""

    def requeue(self, trial: TrialId) -> None:
        """RUNNING -> WAITING at the head of the queue; its epochs stay and it continues after them."""

    def requeue_running(self) -> list[TrialId]:
        """All RUNNING trials (of a trainer that died) back to the head of the queue, in their old order."""

    def set_paused(self, paused: bool) -> None:
        """Whether `claim` gives out trials."""

    def annotate(self, trial: TrialId, annotation: Annotation) -> None:
        """Write a note and tags in the place of the trial's earlier ones; raises NotFound."""

    def annotation(self, trial: TrialId) -> Annotation:
        """What is written about the trial, an empty one where nothing is."""

    def ask_sealed_score(self, trial: TrialId, now: float) -> None:
        """Have a COMPLETE trial scored on the sealed test images; again only where that failed.

        Raises CommandRefused for a trial in another state and where it was asked for already, NotFound for none.
        """

    def sealed_test(self, trial: TrialId) -> SealedTest | None:
        """The last request to score the trial; None before any."""

    def pending_sealed_tests(self) -> list[TrialId]:
        """Trials that still wait for their score, the oldest request first."""

    def finish_sealed_test(self, trial: TrialId, outcome: SealedScore | str, now: float) -> None:
        """Store a score, or the sentence why there is none; raises CommandRefused where none is waited for."""

    def request_layout(self, dataset: str, relation: Relation) -> None:
        """Have a map laid anew; raises CommandRefused where there is none."""

    def register_dataset(self, card: DatasetCard) -> None:
        """Make a data set known; a card of the same name is replaced."""

    def dataset_names(self) -> list[str]:
        """Names of the known data sets, in the order in which they were registered."""

    def fingerprints(self, dataset: str) -> set[str]:
        """Fingerprints of all architectures that were ever enqueued for a data set."""

    @property
    def version(self) -> int:
        """Grows with every change: what was published at the present version need not be published again."""
