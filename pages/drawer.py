"""What was kept, side by side."""

import streamlit as st

from remap_core.ui import shell, state
from remap_core.ui.tables import model_table

with shell.page("drawer"):
    catalogue = state.catalogue()
    kept = catalogue.trials(state.session().drawer)
    if not kept:
        st.info("The drawer is empty. Click circles on the overview: the models are kept here to be compared.")
        st.page_link("pages/overview.py", label="To the overview")
    else:
        model_table(kept, key="drawer-table")
        for column, trial in zip(st.columns(min(len(kept), 6)) * len(kept), kept, strict=False):
            with column.container(border=True):
                st.markdown(f"**#{trial.id}**")
                if st.button("Inspect", key=f"inspect-{trial.id}"):
                    shell.open_model(trial.id)
                if st.button("Generate", key=f"generate-{trial.id}"):
                    shell.open_model(trial.id, "generate")
                st.button("Remove", key=f"remove-{trial.id}", on_click=state.remove, args=(trial.id,))
    if state.session().removed:
        names = ", ".join(f"#{model}" for model in state.session().removed)
        st.button(f"Put {names} back", on_click=state.undo_removal, key="undo")
