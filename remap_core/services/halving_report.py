"""What successive halving would have saved and missed."""

from __future__ import annotations

from collections import Counter

from remap_core.catalogue.reader import Catalogue
from remap_core.errors import NotFound
from remap_core.trials.halving import HalvingReplay, HalvingTrial, replay_halving
from remap_core.trials.trial import Origin, Trial, TrialState


def halving_replay(catalogue: Catalogue, dataset: str) -> tuple[list[Trial], HalvingReplay]:
    """Complete initial models of a data set with one configuration, and what halving would have made of them.

    Of several configurations, the one with the most models. Raises NotFound without models.
    """
    complete = catalogue.trials(sorted(catalogue.trial_ids(TrialState.COMPLETE)))
    initial = [trial for trial in complete if _is_initial(trial, dataset)]
    if not initial:
        raise NotFound(f"There are no complete initial models of {dataset} yet.")
    configs = Counter(trial.proposal.config for trial in initial)
    config, _ = configs.most_common(1)[0]
    models = [trial for trial in initial if trial.proposal.config == config]
    curves = catalogue.epoch_curves([trial.id for trial in models])
    trained = []
    for trial in models:
        curve = tuple(curves[trial.id])
        trained.append(HalvingTrial(trial.id, trial.state, config.epochs, curve))
    return models, replay_halving(trained)


def _is_initial(trial: Trial, dataset: str) -> bool:
    return trial.proposal.dataset == dataset and trial.proposal.origin is Origin.INITIAL
