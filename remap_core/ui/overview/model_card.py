"""The selected model on the overview."""

from __future__ import annotations

import streamlit as st

from remap_core.catalogue.reader import Catalogue
from remap_core.drawing.charts.hover_labels import Labels
from remap_core.drawing.snac.chips import Size, snac_alt
from remap_core.drawing.snac.svg import snac_data_uri
from remap_core.formatting import model_tag, pluralize
from remap_core.trials.trial import Trial
from remap_core.ui import app_data, live, navigation, view_state
from remap_core.ui.generate.ways import ABLATIONS, HANDCRAFTED, VARIATIONS
from remap_core.ui.markdown import escape_markdown
from remap_core.ui.overview.start_here import generate_from
from remap_core.ui.pictures import picture
from remap_core.ui.tables import origin_sentence, training_status


def show_card(catalogue: Catalogue, trial: Trial) -> None:
    """Number, SNAC and numbers of a model, live while it trains, and where to go with it."""
    if trial.state.is_finished():
        _card(catalogue, trial)
    else:
        live.live(lambda newest: _card(newest, newest.trial(trial.id)))


def _card(catalogue: Catalogue, trial: Trial) -> None:
    with st.container(border=True, key="overview-model", gap="small"):
        st.markdown(f"**{model_tag(trial.id)}** is selected")
        picture(
            snac_data_uri(trial.architecture, blocks=0, size=Size.MEDIUM),
            snac_alt(trial.architecture),
        )
        st.markdown(_numbers(trial))
        st.caption(origin_sentence(trial, catalogue))
        with st.container(horizontal=True, gap="small"):
            if st.button("Inspect", key="overview-inspect"):
                navigation.open_model(trial.id)
            for way in (ABLATIONS, VARIATIONS, HANDCRAFTED):
                if st.button(way, key=f"overview-{way.lower()}"):
                    generate_from(trial.id, way)


def _numbers(trial: Trial) -> str:
    dataset = app_data.dataset_view()
    row = dataset.population.row_of(trial.id)
    layers = escape_markdown(snac_alt(trial.architecture))
    if row is None:
        parameters = pluralize(trial.architecture.parameters, "parameter")
        return f"{layers}. {training_status(trial).capitalize()}, {parameters}."
    numbers = "; ".join(Labels.of(dataset.population, view_state.current_view()).lines(row))
    return f"{layers}. {escape_markdown(numbers)}."
