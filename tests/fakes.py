"""What stands in for slow neighbours in tests: a store in memory that keeps the same contract as the catalogue."""

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass, field, replace

from remap_core.errors import CommandRefused, InvalidTrial, NotFound
from remap_core.formatting import dataset_title, model_name, model_tag, percent
from remap_core.trials.annotations import Annotation
from remap_core.trials.commands import Outcome, Receipt
from remap_core.trials.dataset_card import DatasetCard
from remap_core.trials.evaluation import EpochResult, Evaluation, SealedScore, SealedTest
from remap_core.trials.fair_queue import last_position, next_position
from remap_core.trials.halving import HalvingTrial, comparison_epochs, is_halved
from remap_core.trials.model_maps import Relation
from remap_core.trials.trial import Place, Proposal, Trial, TrialId, TrialState


@dataclass
class _Content:
    trials: dict[TrialId, Trial] = field(default_factory=dict)
    epochs: dict[tuple[TrialId, int, int], EpochResult] = field(default_factory=dict)
    evaluations: dict[TrialId, Evaluation] = field(default_factory=dict)
    cards: dict[str, DatasetCard] = field(default_factory=dict)
    receipts: dict[str, Receipt] = field(default_factory=dict)
    annotations: dict[tuple[TrialId, str], Annotation] = field(default_factory=dict)
    sealed_tests: dict[TrialId, SealedTest] = field(default_factory=dict)
    removed: dict[TrialId, None] = field(default_factory=dict)
    paused: bool = False

    def __copy__(self):
        copies = {name: dict(value) for name, value in vars(self).items() if isinstance(value, dict)}
        return replace(self, **copies)


class MemoryStore:
    """Satisfies `remap_core.trainer.ports.Store` with dictionaries of frozen values."""

    def __init__(self) -> None:
        self._content = _Content()
        self._depth = 0
        self.version = 0

    @contextmanager
    def _change(self) -> Iterator[_Content]:
        """All or nothing; counts as one change unless it is part of another or changes nothing."""
        before, outermost = copy(self._content), self._depth == 0
        self._depth += 1
        try:
            yield self._content
        except BaseException:
            self._content = before if outermost else self._content
            raise
        finally:
            self._depth -= 1
        self.version += outermost and self._content != before

    def apply_once(self, command: str, kind: str, now: float, action: Callable[[], str], sender: str = "") -> Receipt:
        if command in self._content.receipts:
            return self._content.receipts[command]
        try:
            with self._change() as content:
                content.receipts[command] = Receipt(command, kind, Outcome.APPLIED, action(), now, sender)
        except (CommandRefused, NotFound) as refusal:
            with self._change() as content:
                content.receipts[command] = Receipt(command, kind, Outcome.REFUSED, str(refusal), now, sender)
        return self._content.receipts[command]

    def enqueue(self, proposals: Sequence[Proposal], now: float, owner: str = "") -> list[TrialId]:
        with self._change() as content:
            first = max([0, *content.trials, *content.removed]) + 1
            end = self._end(owner, first)
            for place, proposal in enumerate(proposals):
                trial = Trial(first + place, proposal, TrialState.WAITING, end + place, 1, now, owner=owner)
                content.trials[trial.id] = trial
        return list(range(first, first + len(proposals)))

    def waiting(self, owner: str | None = None) -> int:
        return sum(owner in (None, trial.owner) for trial in self._waiting())

    def batch_owners(self, batch: str) -> set[str]:
        return {trial.owner for trial in self._content.trials.values() if trial.proposal.batch == batch}

    def find_same_training(self, proposal: Proposal) -> TrialId | None:
        present = (TrialState.WAITING, TrialState.RUNNING, TrialState.COMPLETE)
        trials = (trial for trial in self._content.trials.values() if trial.state in present)
        return next((trial.id for trial in trials if trial.proposal.same_training(proposal)), None)

    def trial(self, trial: TrialId) -> Trial:
        if trial not in self._content.trials:
            raise NotFound(f"{model_name(trial)} does not exist.")
        return self._content.trials[trial]

    def claim(self, now: float, on_hold: Collection[TrialId] = ()) -> Trial | None:
        waiting = [trial for trial in self._waiting() if trial.id not in on_hold]
        if self._content.paused or not waiting:
            return None
        return self._update(waiting[0], state=TrialState.RUNNING, started=now)

    def record_epoch(self, trial: TrialId, result: EpochResult) -> None:
        running = self._require(trial, "record an epoch of", TrialState.RUNNING)
        with self._change() as content:
            content.epochs[trial, running.attempt, result.epoch] = result
            if result.epoch >= running.epochs_done:
                self._update(running, last=result)

    def complete(self, trial: TrialId, evaluation: Evaluation, now: float) -> None:
        running = self._require(trial, "complete", TrialState.RUNNING)
        card = self._content.cards.get(running.proposal.dataset)
        if card and len(evaluation.predictions) != len(card.validation_labels):
            raise InvalidTrial(f"There must be predictions for the {len(card.validation_labels)} validation images.")
        with self._change() as content:
            content.evaluations[trial] = evaluation
            self._update(running, state=TrialState.COMPLETE, finished=now)

    def fail(self, trial: TrialId, sentence: str, now: float) -> None:
        running = self._require(trial, "fail", TrialState.RUNNING)
        self._update(running, state=TrialState.FAILED, error=sentence, finished=now)

    def prune(self, trial: TrialId, sentence: str, now: float) -> None:
        waiting = self._require(trial, "prune", TrialState.WAITING)
        self._update(waiting, state=TrialState.PRUNED, error=sentence, finished=now)

    def halving_groups(self) -> list[tuple[HalvingTrial, ...]]:
        groups: dict[tuple, list[Trial]] = {}
        for trial in filter(is_halved, self._content.trials.values()):
            asked = trial.proposal
            groups.setdefault((asked.dataset, asked.batch, trial.created, asked.config), []).append(trial)
        unfinished = [group for group in groups.values() if not all(trial.state.is_finished() for trial in group)]
        return [tuple(map(self._contender, group)) for group in unfinished]

    def _contender(self, trial: Trial) -> HalvingTrial:
        last = max(comparison_epochs(trial.proposal.config.epochs), default=0)
        results = [self._content.epochs.get((trial.id, 1, epoch)) for epoch in range(1, last + 1)]
        return HalvingTrial(trial.id, trial.state, trial.proposal.config.epochs, tuple(filter(None, results)))

    def cancel(self, trial: TrialId, now: float) -> None:
        present = self._require(trial, "cancel", TrialState.WAITING, TrialState.RUNNING)
        self._update(present, state=TrialState.CANCELLED, finished=now)

    def cancel_batch(self, batch: str, now: float) -> list[TrialId]:
        found = [trial for trial in self._content.trials.values() if trial.proposal.batch == batch]
        if not found:
            raise NotFound(f"There is no batch {batch!r:.80}.")
        open_ones = [trial.id for trial in found if not trial.state.is_finished()]
        if not open_ones:
            raise CommandRefused(f"Couldn't cancel the batch {batch!r:.80}: all of it has already finished.")
        with self._change():
            for trial in open_ones:
                self.cancel(trial, now)
        return open_ones

    def retry(self, trial: TrialId, now: float) -> None:
        ended = self._require(trial, "retry", TrialState.FAILED, TrialState.CANCELLED, TrialState.PRUNED)
        same = self.find_same_training(ended.proposal)
        if same is not None:
            raise CommandRefused(f"Couldn't retry {model_tag(trial)}: {model_tag(same)} is the same training.")
        attempt, end = ended.attempt + 1, self._end(ended.owner, trial)
        again = Trial(trial, ended.proposal, TrialState.WAITING, end, attempt, ended.created, owner=ended.owner)
        self._update(again)

    def move(self, trial: TrialId, place: Place, owner: str | None = None) -> None:
        moved = self._require(trial, "move", TrialState.WAITING)
        waiting = self._waiting()
        order = [other for other in waiting if owner in (None, other.owner)]
        index = order.index(moved)
        target = {Place.TOP: 0, Place.UP: max(0, index - 1), Place.DOWN: index + 1, Place.BOTTOM: len(order)}[place]
        if target == index:
            return
        if owner is None and place in (Place.TOP, Place.BOTTOM):
            position = self._head() if place is Place.TOP else last_position(waiting[-1].position, trial)
            if order[target - (place is Place.BOTTOM)] != moved:
                self._update(moved, position=position)
            return
        positions = [other.position for other in order]
        order.insert(target, order.pop(index))
        with self._change():
            for position, other in zip(positions, order, strict=True):
                if other.position != position:
                    self._update(other, position=position)

    def requeue(self, trial: TrialId) -> None:
        running = self._require(trial, "requeue", TrialState.RUNNING)
        self._update(running, state=TrialState.WAITING, started=None, position=self._head())

    def requeue_running(self) -> list[TrialId]:
        running = [trial for trial in self._content.trials.values() if trial.state is TrialState.RUNNING]
        ids = [trial.id for trial in sorted(running, key=lambda trial: (trial.started, trial.position))]
        with self._change():
            for trial in reversed(ids):
                self.requeue(trial)
        return ids

    def set_paused(self, paused: bool) -> None:
        with self._change() as content:
            content.paused = paused

    def annotate(self, trial: TrialId, annotation: Annotation, person: str = "") -> None:
        self.trial(trial)
        with self._change() as content:
            content.annotations[trial, person] = annotation
            if annotation.is_empty:
                del content.annotations[trial, person]

    def annotation(self, trial: TrialId, person: str = "") -> Annotation:
        return self._content.annotations.get((trial, person), Annotation())

    def ask_sealed_score(self, trial: TrialId, now: float) -> None:
        known, state = self._content.sealed_tests.get(trial), self.trial(trial).state
        if state is not TrialState.COMPLETE:
            raise CommandRefused(f"{model_name(trial)} must be complete to be tested, but it is {state}.")
        if known and known.is_pending:
            raise CommandRefused(f"The test score of {model_name(trial)} was already requested.")
        if known and known.score:
            raise CommandRefused(
                f"{model_name(trial)} was already tested: {percent(known.score.accuracy)} test accuracy."
            )
        with self._change() as content:
            content.sealed_tests.pop(trial, None)
            content.sealed_tests[trial] = SealedTest(now)

    def sealed_test(self, trial: TrialId) -> SealedTest | None:
        return self._content.sealed_tests.get(trial)

    def pending_sealed_tests(self) -> list[TrialId]:
        return [trial for trial, test in self._content.sealed_tests.items() if test.is_pending]

    def finish_sealed_test(self, trial: TrialId, outcome: SealedScore | str, now: float) -> None:
        known = self._content.sealed_tests.get(trial)
        if known is None or not known.is_pending:
            raise CommandRefused(f"No test score of {model_name(trial)} was requested.")
        result = {"score": outcome} if isinstance(outcome, SealedScore) else {"error": outcome}
        with self._change() as content:
            content.sealed_tests[trial] = replace(known, finished=now, **result)

    def request_layout(self, dataset: str, relation: Relation) -> None:
        raise CommandRefused(f"There is no map of {dataset} by {relation} yet.")

    def register_dataset(self, card: DatasetCard) -> None:
        with self._change() as content:
            content.cards[card.name] = card

    def dataset_names(self) -> list[str]:
        return list(self._content.cards)

    def remove_dataset(self, name: str) -> list[TrialId]:
        removed = [trial.id for trial in self._content.trials.values() if trial.proposal.dataset == name]
        if not removed and name not in self._content.cards:
            raise NotFound(f"There is no data set {dataset_title(name)}.")
        with self._change() as content:
            content.removed |= dict.fromkeys(removed)
            content.cards.pop(name, None)
            for kept in (content.trials, content.evaluations, content.sealed_tests):
                for trial in removed:
                    kept.pop(trial, None)
            for key in [key for key in content.annotations if key[0] in removed]:
                del content.annotations[key]
            for key in [key for key in content.epochs if key[0] in removed]:
                del content.epochs[key]
        return removed

    def removed_trials(self) -> set[TrialId]:
        return set(self._content.removed)

    def fingerprints(self, dataset: str) -> set[str]:
        proposals = (trial.proposal for trial in self._content.trials.values())
        return {proposal.architecture.fingerprint for proposal in proposals if proposal.dataset == dataset}

    def _waiting(self) -> list[Trial]:
        waiting = (trial for trial in self._content.trials.values() if trial.state is TrialState.WAITING)
        return sorted(waiting, key=lambda trial: trial.position)

    def _head(self) -> float:
        return min((trial.position for trial in self._waiting()), default=1.0) - 1

    def _end(self, owner: str, trial: TrialId) -> float:
        waiting = self._waiting()
        last_own = max((other.position for other in waiting if other.owner == owner), default=None)
        return next_position(last_own, waiting[0].position if waiting else None, trial)

    def _require(self, trial: TrialId, action: str, *states: TrialState) -> Trial:
        found = self.trial(trial)
        if found.state not in states:
            raise CommandRefused(f"Couldn't {action} {model_tag(trial)}: {found.state.clause}.")
        return found

    def _update(self, trial: Trial, **changes) -> Trial:
        with self._change() as content:
            content.trials[trial.id] = replace(trial, **changes)
        return content.trials[trial.id]
