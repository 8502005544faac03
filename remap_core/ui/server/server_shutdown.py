"""One Ctrl-C ends the app, whatever browsers do at that moment."""

from __future__ import annotations

import gc
from functools import cache

import uvicorn

SHUTDOWN_SECONDS = 5
"""Seconds that the web server waits for open connections when it shuts down."""


@cache
def limit_shutdown_time() -> None:
    """Limit, once per process, how long the web server waits when it shuts down.

    Streamlit sets no limit. Without one, uvicorn (0.54) waits forever for connections opened during the shutdown, as
    browsers open them in advance, and further Ctrl-Cs do not end it. Streamlit does not expose its server, so it is
    searched for among all objects.
    """
    for candidate in gc.get_objects():
        if type(candidate) is uvicorn.Server:
            candidate.config.timeout_graceful_shutdown = SHUTDOWN_SECONDS
