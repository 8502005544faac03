"""What to do next: the selected model, what is suggested, and three models to start from."""

from remap_core.ui.model_map import first_paint

first_paint.begin()

import streamlit as st

from remap_core.ui import app_data, frame, live, sent_commands
from remap_core.ui.data.first_models import require_models
from remap_core.ui.overview.model_card import show_card
from remap_core.ui.overview.start_here import show_start
from remap_core.ui.people.role_captions import say_viewers_cannot_train
from remap_core.ui.session import current_session
from remap_core.ui.suggest.next_cards import show_next


def show_selected() -> None:
    catalogue = app_data.catalogue()
    for trial in catalogue.trials([current_session().selected or 0]):
        show_card(catalogue, trial)


with frame.body():
    require_models()
    live.part("selected", show_selected)
    next_place = st.container(gap="small")
    show_start()
    with next_place:  # drawn last, as it may have to be computed
        show_next()
        say_viewers_cannot_train()
    sent_commands.show_answers()
