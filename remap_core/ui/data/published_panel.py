"""A published data set that is in the data folder: what is in it, and a button that trains its first models."""

from __future__ import annotations

import streamlit as st

from remap_core.drawing.before_after import Pair, pairs_html
from remap_core.formatting import count, pluralize
from remap_core.services.data.data_jobs import DataJob, clear
from remap_core.services.data.known_datasets import size_text, split_text
from remap_core.trials.dataset_card import DatasetCard
from remap_core.ui import app_data, navigation
from remap_core.ui.data.first_models import added_card, first_models_text, start_first_models
from remap_core.ui.data.job_panel import discard_button
from remap_core.ui.data.space_choice import choose_space
from remap_core.ui.markdown import escape_markdown
from remap_core.ui.sidebar.dataset_switch import switch_to

_SAMPLES = 20


def published_panel(job: DataJob) -> None:
    """Its numbers and samples; it is used as it is, so there is nothing to choose."""
    card = added_card(job.source, str(app_data.folder().home))
    _numbers(job, card)
    space_key = f"space-{job.source}"
    with st.container(horizontal=True):
        if app_data.settings().population and st.button(
            f"Train {first_models_text()}",
            type="primary",
            key="data-published-start",
        ):
            clear(job, app_data.folder())
            start_first_models(job.source, space_key)
            switch_to(job.source)
            navigation.go_to("overview")
        if app_data.settings().population:
            choose_space(space_key, card.input_shape, card.classes, card.split[0])
        discard_button(job)
    names = [name[:40] for name in card.class_names]
    pairs = [Pair("", images[0], name, name) for images, name in zip(card.examples, names, strict=True)]
    st.html(pairs_html(pairs[:_SAMPLES]))


def _numbers(job: DataJob, card: DatasetCard) -> None:
    images = pluralize(sum(card.split), "image")
    st.markdown(f"**{escape_markdown(job.title)}** · {images} · {count(card.classes)} classes")
    st.caption(f"{size_text(card.input_shape)} · {split_text(card.split)}")
