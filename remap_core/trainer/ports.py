"""What the worker is given: a store to write to and a function that trains."""

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
"""Yields the result of every epoch, oldest first, from the checkpoint on; returns the evaluation."""


class TrainFunction(Protocol):
    """Trains one trial; raises TrainingFailed with a sentence, and stops within one batch when told to."""

    def __call__(self, trial: Trial, should_stop: Callable[[], bool]) -> Training:
        """Return a generator that trains one epoch per step."""


class ScoreFunction(Protocol):
    """Scores a COMPLETE trial on the sealed test images; raises TrainingFailed with a sentence."""

    def __call__(self, trial: Trial) -> SealedScore:
        """Return the score, within seconds."""


class Store(Protocol):
    """The catalogue as its only writer sees it. Every method is one transaction; times are seconds since 1970."""

    def apply_once(self, command: str, kind: str, now: float, action: Callable[[], str], sender: str = "") -> Receipt:
        """Run `action` and write its receipt in one transaction; returns the stored receipt of a known `command`.

        `action` returns what was done, in words. If it raises CommandRefused or NotFound, none of its changes stay
        and the receipt says REFUSED with that reason.
        """

    def enqueue(self, proposals: Sequence[Proposal], now: float, owner: str = "") -> list[TrialId]:
        """Add WAITING trials, behind those of the same owner; returns their ids (1, 2, ...: never reused), in order.

        Trials of several owners wait in turn (see `trials.fair_queue`).
        """

    def waiting(self, owner: str | None = None) -> int:
        """How many trials wait, of one owner or in all."""

    def batch_owners(self, batch: str) -> set[str]:
        """The owners of a batch's trials; empty for an unknown batch."""

    def find_same_training(self, proposal: Proposal) -> TrialId | None:
        """The WAITING, RUNNING or COMPLETE trial that is the same training (see Proposal.same_training)."""

    def trial(self, trial: TrialId) -> Trial:
        """The trial; raises NotFound."""

    def claim(self, now: float, on_hold: Collection[TrialId] = ()) -> Trial | None:
        """Set the first WAITING trial not in `on_hold` to RUNNING; None if there is none or the queue is paused."""

    def record_epoch(self, trial: TrialId, result: EpochResult) -> None:
        """Store an epoch of a RUNNING trial's current attempt; storing the same epoch again replaces it."""

    def complete(self, trial: TrialId, evaluation: Evaluation, now: float) -> None:
        """RUNNING -> COMPLETE with its predictions; raises InvalidTrial if they do not fit the data set."""

    def fail(self, trial: TrialId, sentence: str, now: float) -> None:
        """RUNNING -> FAILED with the reason."""

    def prune(self, trial: TrialId, sentence: str, now: float) -> None:
        """WAITING -> PRUNED with the reason; its epochs stay."""

    def halving_groups(self) -> list[tuple[HalvingTrial, ...]]:
        """Groups of initial models that are compared with each other and of which any still waits or runs.

        A group holds the first attempts of models enqueued together with one configuration, ordered by id, with
        their results up to the last comparison epoch.
        """

    def cancel(self, trial: TrialId, now: float) -> None:
        """WAITING or RUNNING -> CANCELLED; raises CommandRefused for a finished trial, NotFound for none."""

    def cancel_batch(self, batch: str, now: float) -> list[TrialId]:
        """WAITING or RUNNING -> CANCELLED for all of a batch; returns their ids, in order.

        Raises NotFound for an unknown batch, CommandRefused for a finished one.
        """

    def retry(self, trial: TrialId, now: float) -> None:
        """FAILED, CANCELLED or PRUNED -> WAITING behind those of its owner, as a new attempt that starts over.

        Raises CommandRefused for a trial in another state, and if the catalogue holds the same training again.
        """

    def move(self, trial: TrialId, place: Place, owner: str | None = None) -> None:
        """Change the place of a WAITING trial in the queue, or among those of an owner.

        Raises CommandRefused for one in another state.
        """

    def requeue(self, trial: TrialId) -> None:
        """RUNNING -> WAITING at the head of the queue; its epochs stay and it resumes after them."""

    def requeue_running(self) -> list[TrialId]:
        """Put all RUNNING trials (of a trainer that died) back at the head of the queue, in their old order."""

    def set_paused(self, paused: bool) -> None:
        """Pause or resume the queue: `claim` returns no trial while it is paused."""

    def annotate(self, trial: TrialId, annotation: Annotation, person: str = "") -> None:
        """Replace the note and tags of a trial, the shared ones or a person's own; raises NotFound."""

    def annotation(self, trial: TrialId, person: str = "") -> Annotation:
        """The note and tags of the trial, the shared ones or a person's own, empty if there are none."""

    def ask_sealed_score(self, trial: TrialId, now: float) -> None:
        """Request the score of a COMPLETE trial on the sealed test images; a second time only after a failure.

        Raises CommandRefused for a trial in another state or a score that was requested before, NotFound for none.
        """

    def sealed_test(self, trial: TrialId) -> SealedTest | None:
        """The last request to score the trial; None before any."""

    def pending_sealed_tests(self) -> list[TrialId]:
        """Trials that still wait for their score, oldest request first."""

    def finish_sealed_test(self, trial: TrialId, outcome: SealedScore | str, now: float) -> None:
        """Store a score, or the reason why there is none; raises CommandRefused if no score is pending."""

    def request_layout(self, dataset: str, relation: Relation) -> None:
        """Request a new layout of a map; raises CommandRefused if there is no such map."""

    def register_dataset(self, card: DatasetCard) -> None:
        """Make a data set known; a card of the same name is replaced."""

    def dataset_names(self) -> list[str]:
        """Names of the known data sets, in the order of their registration."""

    def fingerprints(self, dataset: str) -> set[str]:
        """Fingerprints of all architectures that were ever enqueued for a data set."""

    def remove_dataset(self, name: str) -> list[TrialId]:
        """Delete a data set and its trials in any state with all that is known of them; returns their ids, in order.

        Raises NotFound for a data set that has neither a card nor trials.
        """

    def removed_trials(self) -> set[TrialId]:
        """Ids of all trials that were removed with their data sets; no trial gets them again."""

    @property
    def version(self) -> int:
        """Grows with every change: a version that was published need not be published again."""
