"""One Ctrl-C ends the app, whatever browsers do in that moment."""

from __future__ import annotations

import os
import threading
import time

import streamlit as st
from streamlit import runtime
from streamlit.runtime.runtime import RuntimeState

GRACE = 5.0
"""Seconds that the web server has to close what is open."""
_POLL = 0.5


@st.cache_resource(show_spinner=False)
def leave_in_time() -> threading.Thread:
    """See to it, once a process, that it ends soon after Streamlit has stopped.

    uvicorn waits without a limit for connections to close, and never asks those to do so that were opened while it
    began to shut down (uvicorn 0.54), as browsers do ahead of need: a further Ctrl-C would not end it either.
    """
    thread = threading.Thread(target=_watch, name="leave in time", daemon=True)
    thread.start()
    return thread


def _watch() -> None:
    if not runtime.exists():  # a test without a server
        return
    streamlit = runtime.get_instance()
    while streamlit.state is not RuntimeState.STOPPED:
        time.sleep(_POLL)
    time.sleep(GRACE)
    os._exit(0)  # whatever is still waited for; the app has nothing to lose
