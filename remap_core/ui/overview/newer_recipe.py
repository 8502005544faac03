"""Models that were trained by an older recipe, and an offer to train the best of them by today's."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import streamlit as st

from remap_core.access.roles import Role
from remap_core.catalogue.reader import Catalogue
from remap_core.formatting import pluralize
from remap_core.services.expected_time import ExpectedTime, workers_of
from remap_core.services.proposals import propose_again
from remap_core.trials.population import Population
from remap_core.trials.trial import Proposal, Trial, TrialId
from remap_core.ui import app_data, sent_commands
from remap_core.ui.dataset_view import DatasetView
from remap_core.ui.markdown import escape_markdown
from remap_core.ui.people import visitor
from remap_core.ui.time_labels import expected_now, time_caption, with_time


class _Offer(NamedTuple):
    """The front of models that older recipes trained, as trainings by today's. recipes: names of the older ones."""

    recipes: list[str]
    front: list[Trial]
    proposals: tuple[Proposal, ...]


def offer_newer_recipe(catalogue: Catalogue, dataset: DatasetView) -> None:
    """Say by which recipe the models were trained, and offer today's for the front; nothing if today's was used."""
    if not visitor.may(Role.BUILDER):
        return
    recipe = app_data.settings().recipe
    offer = _offer(catalogue, dataset, recipe)
    if offer is None:
        return
    with st.container(border=True, gap="small"):
        st.caption(
            f"These models were trained with the recipe {escape_markdown(' and '.join(offer.recipes))}; the default is "
            f"now {recipe}. Children keep their parent's recipe, so their results stay comparable."
        )
        expected = _expected(catalogue, dataset, recipe, workers_of(app_data.trainer()))
        st.button(
            with_time(f"Train the front with {recipe} ({pluralize(len(offer.front), 'model')})", expected),
            key="train-front",
            on_click=_train,
            args=(offer.front, sent_commands.press("train-front")),
        )
        time_caption(expected)


_CACHE_KEYS: dict[str | type, Callable[[Any], object]] = {
    Catalogue: lambda catalogue: catalogue.key,
    DatasetView: lambda dataset: f"{dataset.name} {dataset.stamp}",
}


@st.cache_resource(max_entries=8, show_spinner=False, hash_funcs=_CACHE_KEYS)
def _offer(catalogue: Catalogue, dataset: DatasetView, recipe: str) -> _Offer | None:
    """None where models were trained by today's recipe, or one of the front is in the queue: the offer was taken."""
    names = {config.recipe.name for config in dataset.population.config}
    if not names or recipe in names:
        return None
    front = catalogue.trials(_front(dataset.population))
    proposals = propose_again(front, app_data.settings(), dataset.card, time.time())
    if not proposals or _are_known(catalogue, dataset.name, proposals):
        return None
    return _Offer(sorted(names), front, proposals)


@st.cache_resource(max_entries=8, show_spinner=False, hash_funcs=_CACHE_KEYS)
def _expected(
    catalogue: Catalogue,
    dataset: DatasetView,
    recipe: str,
    workers: int,  # noqa: ARG001 (a key: so many trainings at once)
) -> ExpectedTime | None:
    """The expected time of all that is offered."""
    offer = _offer(catalogue, dataset, recipe)
    return expected_now(catalogue, offer.proposals if offer else ())


def _front(population: Population) -> list[TrialId]:
    rows = population.front()
    return [int(population.id[row]) for row in rows]


def _are_known(catalogue: Catalogue, dataset: str, proposals: Sequence[Proposal]) -> bool:
    """Whether one of them is already in the queue: then the person has taken the offer."""
    by_fingerprint = {proposal.architecture.fingerprint: proposal for proposal in proposals}
    known = catalogue.trainings_of(dataset, list(by_fingerprint))
    return any(trial.proposal.same_training(by_fingerprint[trial.architecture.fingerprint]) for trial in known)


def _train(front: Sequence[Trial], press: sent_commands.Press) -> None:
    dataset = app_data.dataset_view()
    sent_commands.enqueue(propose_again(front, app_data.settings(), dataset.card, time.time()), press)
