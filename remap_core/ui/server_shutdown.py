"""One Ctrl-C ends the app, whatever browsers do in that moment."""

from __future__ import annotations

import gc

import streamlit as st
import uvicorn

GRACE = 5
"""Seconds that the web server waits for what is open once it shuts down."""


@st.cache_resource(show_spinner=False)
def limit_shutdown_time() -> None:
    """Give the web server of this process, once, a limit.

    Without one, as Streamlit starts it, uvicorn waits for ever for connections that were opened while it began to shut
    down (uvicorn 0.54), as browsers do ahead of need, and no further Ctrl-C ends it. Streamlit hands its server to
    nobody, so it is looked for among all objects.
    """
    for found in gc.get_objects():
        if type(found) is uvicorn.Server:
            found.config.timeout_graceful_shutdown = GRACE
