"""Published networks to compare with: each with its numbers, trained with one click."""

from __future__ import annotations

import time

import streamlit as st

from remap_core.access.roles import Role
from remap_core.catalogue.reader import Catalogue
from remap_core.drawing.snac.chips import Size, snac_alt
from remap_core.drawing.snac.svg import snac_data_uri
from remap_core.errors import InvalidArchitecture
from remap_core.formatting import model_tag, pluralize
from remap_core.services.proposals import baseline_source, propose_designs
from remap_core.services.sampling import set_caps
from remap_core.space.architecture import Architecture
from remap_core.space.baselines.named_baselines import BASELINES, Baseline
from remap_core.space.caps import exceeded
from remap_core.trials.dataset_card import DatasetCard
from remap_core.trials.trial import Origin, Proposal, Trial, TrialState
from remap_core.ui import app_data, drawer_state, navigation, sent_commands
from remap_core.ui.people import visitor
from remap_core.ui.pictures import picture
from remap_core.ui.session import current_session
from remap_core.ui.tables import training_status
from remap_core.ui.time_labels import expected_now, with_time

GONE = (TrialState.FAILED, TrialState.CANCELLED)
"""States of trainings that leave no model."""


def show_baselines(catalogue: Catalogue) -> None:
    """All baselines, fitted to the images of the data set; those that do not fit say why."""
    card = app_data.dataset_view().card
    st.caption("Published networks, trained like the first models of this data set. They count like any other model.")
    for baseline in BASELINES.values():
        with st.container(border=True, key=f"baseline-{baseline.name}", gap="xsmall"):
            try:
                _card(catalogue, card, baseline, baseline.fitted(card.input_shape, card.classes))
            except InvalidArchitecture as error:
                st.markdown(f"**{baseline.name}** :small[{baseline.source}]")
                st.caption(str(error))


def _card(catalogue: Catalogue, card: DatasetCard, baseline: Baseline, architecture: Architecture) -> None:
    (proposal,) = propose_designs(
        app_data.settings(),
        card,
        [architecture],
        Origin.HANDCRAFTED,
        time.time(),
        source=baseline_source(baseline.name),
    )
    trained = _trained(catalogue, proposal)
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.markdown(f"**{baseline.name}** :small[{baseline.source}]", width="content", help=baseline.about or None)
        if trained:
            _actions(trained)
        elif visitor.may(Role.BUILDER):
            _train_button(catalogue, proposal, baseline.name)
    picture(snac_data_uri(architecture, blocks=0, size=Size.SMALL), snac_alt(architecture))
    st.caption(_numbers(architecture, trained))


def _numbers(architecture: Architecture, trained: Trial | None) -> str:
    parameters = pluralize(architecture.parameters, "parameter")
    over = exceeded(set_caps(app_data.settings()), architecture)
    if trained:
        return f"{model_tag(trained.id)} {trained.accuracy_text(otherwise=training_status(trained))} · {parameters}"
    if over:
        return f"{parameters}: over the cap of {over.text} ({over.source})."
    return f"{parameters}, {pluralize(architecture.multiply_adds, 'multiply-add')}"


def _trained(catalogue: Catalogue, proposal: Proposal) -> Trial | None:
    """The newest model of a baseline that is trained like this, finished or not."""
    trials = catalogue.trainings_of(proposal.dataset, [proposal.architecture.fingerprint])
    same = [trial for trial in trials if trial.proposal.same_training(proposal) and trial.state not in GONE]
    return same[-1] if same else None


def _train_button(catalogue: Catalogue, proposal: Proposal, name: str) -> None:
    over = exceeded(set_caps(app_data.settings()), proposal.architecture)
    key = f"baseline-train-{name}"
    st.button(
        with_time("Train", None if over else expected_now(catalogue, [proposal])),
        key=key,
        disabled=over is not None,
        on_click=_train,
        args=(proposal, sent_commands.press(key)),
    )


def _train(proposal: Proposal, press: sent_commands.Press) -> None:
    sent_commands.enqueue((proposal,), press)


def _actions(trial: Trial) -> None:
    """Where to go with a baseline that is a model: to it, or to the selected model, compared with it."""
    selected = current_session().selected or trial.id
    with st.container(horizontal=True, gap="small", width="content"):
        if selected != trial.id and st.button(
            f"Compare with {model_tag(selected)}", key=f"baseline-compare-{trial.id}"
        ):
            current_session().compared = trial.id
            navigation.open_model(selected)
        if st.button("Inspect", key=f"baseline-inspect-{trial.id}"):
            drawer_state.select(trial.id)
            navigation.open_model(trial.id)
