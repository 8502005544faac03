"""Models that were trained by an older recipe, and an offer to train the best of them by today's."""

from __future__ import annotations

import time
from collections.abc import Sequence

import streamlit as st

from remap_core.catalogue.reader import Catalogue
from remap_core.formatting import pluralize
from remap_core.services.proposals import propose_again
from remap_core.trials.population import Population, pareto_front
from remap_core.trials.trial import Proposal, Trial, TrialId
from remap_core.ui import app_data, sent_commands
from remap_core.ui.dataset_view import DatasetView
from remap_core.ui.markdown import escape_markdown
from remap_core.ui.time_labels import expected_now, time_caption, with_time


def offer_newer_recipe(catalogue: Catalogue, dataset: DatasetView) -> None:
    """Say by which recipe the models were trained, and offer today's for the front; nothing if today's was used."""
    recipe = app_data.settings().recipe
    names = {config.recipe.name for config in dataset.population.config}
    if not names or recipe in names:
        return
    front = catalogue.trials(_front(dataset.population))
    proposals = propose_again(front, app_data.settings(), dataset.card, time.time())
    if not proposals or _are_known(catalogue, dataset.name, proposals):
        return
    with st.container(border=True, gap="small"):
        st.caption(
            f"These models were trained with the recipe {escape_markdown(' and '.join(sorted(names)))}; the default is "
            f"now {recipe}. Children keep their parent's recipe, so their results stay comparable."
        )
        expected = expected_now(catalogue, proposals)
        st.button(
            with_time(f"Train the front with {recipe} ({pluralize(len(front), 'model')})", expected),
            key="train-front",
            on_click=_train,
            args=(front, sent_commands.press("train-front")),
        )
        time_caption(expected)


def _front(population: Population) -> list[TrialId]:
    rows = pareto_front(population.parameters, population.accuracy)
    return [int(population.id[row]) for row in rows]


def _are_known(catalogue: Catalogue, dataset: str, proposals: Sequence[Proposal]) -> bool:
    """Whether one of them is already in the queue: then the person has taken the offer."""
    fingerprints = [proposal.architecture.fingerprint for proposal in proposals]
    known = catalogue.trainings_of(dataset, fingerprints)
    return any(trial.proposal.same_training(proposal) for trial in known for proposal in proposals)


def _train(front: Sequence[Trial], press: sent_commands.Press) -> None:
    dataset = app_data.dataset_view()
    sent_commands.enqueue(propose_again(front, app_data.settings(), dataset.card, time.time()), press)
