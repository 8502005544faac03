"""What became of the last commands."""

from __future__ import annotations

import streamlit as st

from remap_core.catalogue.reader import Catalogue
from remap_core.trials.commands import Outcome
from remap_core.ui import app_data, sent_commands
from remap_core.ui.markdown import escape_markdown
from remap_core.ui.session import current_session


def show_receipts(catalogue: Catalogue) -> None:
    """The last commands of this visitor: sent, then applied, or refused and why."""
    for command in reversed(current_session().sent[-3:]):
        receipt = catalogue.receipt(command)
        if receipt is None and (reason := sent_commands.rejection(command)):
            st.warning(f"Not understood by the trainer: {escape_markdown(reason)}", icon=":material/block:")
        elif receipt is None:
            waits = "" if app_data.trainer() else ", and waits for a trainer"
            st.caption(f":material/outgoing_mail: Sent{waits}.")
        elif receipt.outcome is Outcome.APPLIED:
            st.caption(f":material/check: {escape_markdown(receipt.message)}")
        else:
            st.warning(f"Refused: {escape_markdown(receipt.message)}", icon=":material/block:")
