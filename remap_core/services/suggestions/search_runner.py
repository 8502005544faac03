"""Carries out the search of a data folder in the trainer's process: in a thread, so that trainings never wait."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Protocol

from remap_core.access.person import NOBODY
from remap_core.catalogue.reader import Catalogue
from remap_core.data_folder.folder import DataFolder
from remap_core.data_folder.inbox import Inbox
from remap_core.data_folder.search_file import Form, end_search, read_search
from remap_core.errors import ForgedCommand, RemapError
from remap_core.services.suggestions.autopilot import (
    cancel_waiting,
    next_batch,
    search_sender,
    search_state,
    search_trials,
)
from remap_core.services.suggestions.search_plan import SearchPlan
from remap_core.settings import Settings
from remap_core.trials.commands import Enqueue, Outcome

log = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
"""Seconds between two looks at the search."""


class Store(Protocol):
    """What a search needs of the catalogue's only writer."""

    def catalogue(self) -> Catalogue:
        """The live catalogue, to read."""


class SearchRunner:
    """Looks with every tick whether the search needs its next batch; a thread finds it, the inbox takes it."""

    def __init__(self, store: Store, folder: DataFolder, settings: Settings, clock: Callable[[], float]) -> None:
        self._store = store
        self._folder = folder
        self._settings = settings
        self._clock = clock
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="search-runner")
        self._running: Future[Enqueue | str | None] | None = None
        self._form: Form | None = None
        self._sender = NOBODY
        self._sent = ""
        self._looked = 0.0
        self.problem = ""  # the search itself says why it ended

    def tick(self) -> None:
        """Send the batch that was found, or find the next one; returns at once. Raises FolderUnusable."""
        now = self._clock()
        if self._running is not None:
            if self._running.done():
                self._carry_out(self._running.result(), now)
            return
        if not self._looked <= now < self._looked + LOOK_SECONDS:
            self._looked = now
            self._look(now)

    def close(self) -> None:
        """Wait for the batch that is being found. It is not sent: the next trainer finds it again."""
        self._thread.shutdown(wait=True, cancel_futures=True)

    def _look(self, now: float) -> None:
        form = read_search(self._folder)
        if form is None and not self._sent:
            return
        catalogue = self._store.catalogue()
        if self._sent:
            receipt = catalogue.receipt(self._sent)
            if receipt is None:
                return
            self._sent = ""
            if form != self._form and self._form is not None:  # stopped after its last batch was sent
                cancel_waiting(self._folder, catalogue, self._form, now, self._sender)
                return
            if form is not None and receipt.outcome is Outcome.REFUSED:
                self._end(form, receipt.message)
                return
        if form is None:
            return
        try:
            self._sender = search_sender(self._folder, form)
        except ForgedCommand as error:
            self._end(form, str(error))
            return
        self._form = form
        self._running = self._thread.submit(self._found, catalogue, form, now)

    def _found(self, catalogue: Catalogue, form: Form, now: float) -> Enqueue | str | None:
        """In the thread: what is next."""
        try:
            state = search_state(self._folder, catalogue)
            plan = SearchPlan.from_json(form)
            if state is None or state.plan != plan:
                return None
            return next_batch(catalogue, self._settings, plan, state, now)
        except RemapError as error:
            return str(error)
        except Exception as error:  # whatever it is must end the search, and not the trainer
            log.exception("the search failed")
            return f"The search failed: {type(error).__name__}: {error}"

    def _carry_out(self, found: Enqueue | str | None, now: float) -> None:
        self._running = None
        form = read_search(self._folder)
        if form is None or form != self._form:  # it has been stopped
            return
        if isinstance(found, Enqueue):
            self._sent = Inbox(self._folder).send(found, now, self._sender)
            log.info("search: %d trainings suggested", len(found.proposals))
        elif found:
            self._end(form, found)

    def _end(self, form: Form, sentence: str) -> None:
        end_search(self._folder, form, sentence, len(search_trials(self._store.catalogue(), form)))
        log.info("search ended: %s", sentence)
