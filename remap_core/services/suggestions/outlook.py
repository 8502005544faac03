"""An outlook: what is known of a data set's models and what could be trained next, ready to be ranked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from remap_core.analysis.suggest.batch import PLAIN, Pick, choose, farthest, ranked
from remap_core.analysis.suggest.hypervolume import Front
from remap_core.analysis.suggest.log_errors import shares_of
from remap_core.analysis.suggest.process import Posterior
from remap_core.analysis.suggest.reasons import Evidence
from remap_core.analysis.suggest.suggestion import BAND_DEVIATIONS, Suggestion
from remap_core.errors import InvalidArgument
from remap_core.formatting import model_tag, percent, pluralize, points
from remap_core.services.suggestions.known_models import KnownModels
from remap_core.space.edits import sentences
from remap_core.trials.population import Floats
from remap_core.trials.trial import Proposal, Trial, TrialId


@dataclass(frozen=True, eq=False)
class Outlook:
    """All that suggestions are made from: what is known, what could be trained, and what predicts it.

    proposals: the candidates. features, costs: (m, d) and (m,) of these and then of what is on its way. posterior: what
    is predicted of all m; None where nothing can be, for the reason `guess_because`. rank: leave-one-out rank
    correlation of the predictions. caveat: a sentence about a cap that could not be applied; empty without one.
    """

    known: KnownModels
    proposals: tuple[Proposal, ...]
    features: Floats
    costs: Floats
    front: Front
    posterior: Posterior | None
    rank: float
    guess_because: str
    evidence: Evidence
    parents: Mapping[TrialId, Trial]
    seconds: tuple[float, ...]
    caveat: str = ""

    @property
    def basis(self) -> str:
        """What the suggestions are based on, in a sentence or two."""
        models = pluralize(len(self.known), "finished model")
        basis = f"Predicted from {models} (rank correlation {self.rank:.2f})."
        if self.posterior is None:
            basis = f"Suggested for variety: {self.guess_because}."
        return f"{basis} {self.caveat}".rstrip()

    def suggestions(self, n: int, explore: float = PLAIN) -> list[Suggestion]:
        """At most n suggestions, the best first, each as if those before it were trained.

        explore: 0 takes the predictions for granted, 1 counts their uncertainty double. Raises InvalidArgument.
        """
        require_explore(explore)
        if self.posterior is None:
            rows = farthest(self.features[: len(self.proposals)], self._taken_features, n)
            return [self._guess(row) for row in rows]
        front, posterior = self._with_pending(self.posterior)
        picks = choose(posterior, self.costs, front, n, explore=explore, excluded=self._pending_rows)
        return [self._suggestion(pick, self.posterior) for pick in picks]

    def everything(self, explore: float = PLAIN) -> list[Suggestion]:
        """All candidates, each ranked by what it alone is expected to add to the front. Raises InvalidArgument."""
        require_explore(explore)
        if self.posterior is None:
            return self.suggestions(len(self.proposals))
        front, posterior = self._with_pending(self.posterior)
        picks = ranked(posterior, self.costs, front, explore=explore, excluded=self._pending_rows)
        return [self._suggestion(pick, self.posterior) for pick in picks]

    @property
    def _pending_rows(self) -> range:
        return range(len(self.proposals), len(self.costs))

    @property
    def _taken_features(self) -> Floats:
        return np.vstack([self.known.features, self.features[len(self.proposals) :]])

    def _with_pending(self, posterior: Posterior) -> tuple[Front, Posterior]:
        """The front and the posterior if what is on its way ends as expected."""
        front = self.front
        for row in self._pending_rows:
            front = front.with_model(self.costs[row], float(posterior.mean[row]))
            posterior = posterior.believing(row)
        return front, posterior

    def _suggestion(self, pick: Pick, posterior: Posterior) -> Suggestion:
        mean = posterior.mean[pick.row]
        reach = BAND_DEVIATIONS * posterior.deviation[pick.row]
        low, accuracy, high = shares_of(np.array([mean - reach, mean, mean + reach])).tolist()
        proposal = self.proposals[pick.row]
        return Suggestion(
            proposal=proposal,
            edit=self._edit(proposal),
            accuracy=accuracy,
            low=low,
            high=high,
            seconds=self.seconds[pick.row],
            chance=pick.chance,
            gain=pick.gain,
            reason=f"{self._evidence(pick.row)} {self._promise(proposal, accuracy, high)}",
        )

    def _guess(self, row: int) -> Suggestion:
        proposal = self.proposals[row]
        low, accuracy, high = self._usual_shares(proposal.architecture.classes)
        better = self.known.values > self.front.levels(self.costs[row : row + 1])
        chance = (int(better.sum()) + 1) / (len(self.known) + 2)  # Laplace's rule of succession
        return Suggestion(
            proposal=proposal,
            edit=self._edit(proposal),
            accuracy=accuracy,
            low=low,
            high=high,
            seconds=self.seconds[row],
            chance=chance,
            gain=0.0,
            reason=self.basis,
            is_guess=True,
        )

    def _usual_shares(self, classes: int) -> tuple[float, float, float]:
        """Between which accuracies most finished models are; without any, from guessing the class to no error."""
        if not len(self.known):
            chance = 1 / classes
            return chance, (1 + chance) / 2, 1.0
        low, middle, high = np.quantile(self.known.share, [0.1, 0.5, 0.9]).tolist()
        return low, middle, high

    def _edit(self, proposal: Proposal) -> str:
        if proposal.parent is None:
            return ""
        return "; ".join(sentences(self.parents[proposal.parent].architecture, proposal.edits))

    def _evidence(self, row: int) -> str:
        proposal = self.proposals[row]
        if proposal.parent is not None:
            parent = self.parents[proposal.parent].architecture
            difference = proposal.architecture.parameters - parent.parameters
            return self.evidence.sentence(proposal.edits, parent.layers, difference)
        nearest = self.known.nearest(self.features[row])
        tag, share = model_tag(int(self.known.id[nearest])), percent(float(self.known.share[nearest]))
        return f"A new sample of {proposal.space}; of the trained models {tag} ({share}) is the most like it."

    def _promise(self, proposal: Proposal, accuracy: float, high: float) -> str:
        best = self.known.best_within(proposal.architecture.parameters)
        if best is None:
            return "It would be smaller than every allowed model so far."
        tag, share = model_tag(int(self.known.id[best])), float(self.known.share[best])
        if round(100 * abs(accuracy - share), 1) == 0:
            return f"Expected to be as accurate as {tag}, the best of at most its size."
        if accuracy >= share:
            return f"Expected to be {_gap(accuracy - share)} above {tag}, the best of at most its size."
        if high > share:
            return f"May reach {_gap(high - share)} more than {tag}, the best of at most its size."
        return f"Expected to stay below {tag}, the best of at most its size."


def require_explore(explore: float) -> None:
    """Raise InvalidArgument unless it is a share."""
    if not 0 <= explore <= 1:
        raise InvalidArgument(f"explore must be between 0 and 1, but got {explore}.")


def _gap(difference: float) -> str:
    return points(difference).removeprefix("+")
