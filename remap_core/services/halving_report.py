"""What successive halving would have saved and missed."""

from __future__ import annotations

from collections import Counter

from remap_core.catalogue.reader import Catalogue
from remap_core.errors import NotFound
from remap_core.trials.halving import HalvingReplay, HalvingTrial, replay_halving
from remap_core.trials.trial import Origin, Trial, TrialState


def halving_replay(catalogue: Catalogue, dataset: str) -> tuple[list[Trial], HalvingReplay]:
    """Complete initial models of a data set that were trained alike, and what halving would have made of them.

    Of several ways of training the one of the most models. Raises NotFound where there are none.
    """
    complete = catalogue.trials(sorted(catalogue.trial_ids(TrialState.COMPLETE)))
    initial = [one for one in complete if (one.proposal.dataset, one.proposal.origin) == (dataset, Origin.INITIAL)]
    if not initial:
        raise NotFound(f"There are no complete initial models of {dataset} yet.")
    (config, _), *_ = Counter(trial.proposal.config for trial in initial).most_common(1)
    alike = [trial for trial in initial if trial.proposal.config == config]
    curves = catalogue.epoch_curves([trial.id for trial in alike])
    return alike, replay_halving(
        [HalvingTrial(trial.id, trial.state, config.epochs, tuple(curves[trial.id])) for trial in alike]
    )
