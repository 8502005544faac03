"""A client that speaks Streamlit's protocol, without a browser.

It keeps repeated messages and reruns fragments as a browser does. It fetches no images, and it does not send back the
values of fields that nobody changed.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qs

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.Delta_pb2 import Delta
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.asyncio.client import ClientConnection, connect

CHART_EVENTS = "overview-chart-events"
"""The key of the component that sends what is done in the overview's chart (remap_core/ui/events)."""

DRAWER = "drawer"
"""The parameter of the URL that names the models of the drawer: a click that was heard is in it."""

PATIENCE = 120.0  # seconds that an answer may take


@dataclass
class _Kept:
    message: ForwardMsg
    run: int


class KeptMessages:
    """Messages that the server need not send again, kept as a browser keeps them: until some runs did not use them."""

    def __init__(self) -> None:
        self._kept: dict[str, _Kept] = {}
        self._run = 0

    def hashes(self) -> list[str]:
        """What the server may refer to."""
        return list(self._kept)

    def whole(self, message: ForwardMsg) -> ForwardMsg:
        """The message, or the kept one that it refers to."""
        if message.WhichOneof("type") == "ref_hash":
            kept = self._kept[message.ref_hash]
            kept.run = self._run
            whole = ForwardMsg()
            whole.CopyFrom(kept.message)
            whole.metadata.CopyFrom(message.metadata)
            return whole
        if message.metadata.cacheable:
            self._kept.setdefault(message.hash, _Kept(message, self._run)).run = self._run
        return message

    def end_run(self, max_age: int, fragments: Sequence[str]) -> None:
        """Forget what has not been used for more runs than that; after a run of fragments, only what is theirs."""
        self._run += 1
        for key, kept in list(self._kept.items()):
            concerned = not fragments or kept.message.delta.fragment_id in fragments
            if concerned and self._run - kept.run > max_age:
                del self._kept[key]


class OpenPage:
    """A page in a browser, as far as the server can tell."""

    def __init__(self, socket: ClientConnection, tasks: asyncio.TaskGroup, name: str, query: str) -> None:
        self.received = 0
        self.query = query
        self._socket, self._tasks, self._name = socket, tasks, name
        self._kept = KeptMessages()
        self._max_age = 0
        self._page_hash = ""
        self._hashes: dict[str, str] = {}  # of the pages, by name
        self._timers: dict[str, tuple[float, asyncio.Task[None]]] = {}
        self._chart_events: tuple[str, str] | None = None  # the component's id, and the fragment that it is in
        self._runs: set[str] = set()  # that began after the last request
        self._drawn = False  # whether the present run has got as far as the chart
        self._fragment = ""  # the one that the last request was for
        self._answered = asyncio.Event()
        self._listening = tasks.create_task(self._listen())

    @classmethod
    async def open(
        cls, tasks: asyncio.TaskGroup, url: str, name: str, query: str = "", source: str | None = None
    ) -> OpenPage:
        """Ask for the page, as a browser that was given its address. source: the client's address."""
        address = url.replace("http", "ws", 1) + "/_stcore/stream"
        protocols = ["streamlit", "PLACEHOLDER_AUTH_TOKEN"]
        local = (source, 0) if source else None
        socket = await connect(
            address, subprotocols=protocols, origin=url, max_size=None, ping_interval=None, local_addr=local
        )
        page = cls(socket, tasks, name, query)
        await page._request()
        return page

    async def answered(self) -> None:
        """Wait until the last requested script run has ended, or has drawn the chart before a rerun."""
        await asyncio.wait_for(self._answered.wait(), PATIENCE)

    async def click(self, model: int) -> float:
        """Seconds from a click on a model's circle until it is answered."""
        assert self._chart_events, f"no component has the key {CHART_EVENTS}"
        component, fragment = self._chart_events
        began = time.perf_counter()
        await self._request(fragment, [_trigger(component, "click", model)])
        await self.answered()
        seconds = time.perf_counter() - began
        drawer = ",".join(parse_qs(self.query).get(DRAWER, []))
        assert str(model) in drawer.split(","), f"the click on {model} was not heard, the URL is {self.query}"
        return seconds

    async def go(self, name: str) -> float:
        """Seconds from a click in the navigation until the page of that name is drawn."""
        began = time.perf_counter()
        self._page_hash, self.query = self._hashes[name], ""
        await self._request()
        await self.answered()
        return time.perf_counter() - began

    async def leave(self) -> None:
        """Close the page."""
        self._stop_timers(list(self._timers))
        self._listening.cancel()
        await asyncio.wait([self._listening])

    async def _request(self, fragment: str = "", widgets: Iterable[WidgetState] = ()) -> None:
        self._runs, self._fragment = set(), fragment
        self._answered.clear()
        await self._send(fragment, widgets)

    async def _send(self, fragment: str, widgets: Iterable[WidgetState] = (), auto: bool = False) -> None:
        state = ClientState(
            query_string=self.query,
            page_script_hash=self._page_hash,
            page_name="" if self._page_hash else self._name,
            fragment_id=fragment,
            is_auto_rerun=auto,
            cached_message_hashes=self._kept.hashes(),
        )
        state.widget_states.widgets.extend(widgets)
        await self._socket.send(BackMsg(rerun_script=state).SerializeToString())

    async def _listen(self) -> None:
        async with self._socket:
            async for data in self._socket:
                self.received += len(data)
                self._take(self._kept.whole(ForwardMsg.FromString(data)))

    def _take(self, message: ForwardMsg) -> None:
        kind = message.WhichOneof("type")
        run = message.metadata.run
        if kind == "new_session":
            self._page_hash = message.new_session.page_script_hash
            self._max_age = message.new_session.config.max_cached_message_age
            self._runs.add(run.script_run_id)
            self._drawn = False
            if not run.fragment_ids:
                self._stop_timers(list(self._timers))
        elif kind == "navigation":
            self._page_hash = message.navigation.page_script_hash
            self._hashes = {page.url_pathname: page.page_script_hash for page in message.navigation.app_pages}
        elif kind == "delta":
            self._look_at(message.delta)
        elif kind == "page_info_changed":
            self.query = message.page_info_changed.query_string
        elif kind == "auto_rerun":
            self._start_timer(message.auto_rerun.fragment_id, message.auto_rerun.interval)
        elif kind == "stop_auto_rerun":
            self._stop_timers(message.stop_auto_rerun.fragment_ids)
        elif kind == "script_finished":
            self._finish(message.script_finished, run.script_run_id, run.fragment_ids)
        else:
            assert kind != "page_not_found", f"the app has no page {self._name}"

    def _finish(self, status: int, run: str, fragments: Sequence[str]) -> None:
        assert status != ForwardMsg.FINISHED_WITH_COMPILE_ERROR
        overtaken = status == ForwardMsg.FINISHED_EARLY_FOR_RERUN
        if not overtaken:
            self._kept.end_run(self._max_age, fragments)
        asked_for = run in self._runs and (not fragments or self._fragment in fragments)
        if asked_for and (self._drawn or not overtaken):
            self._answered.set()

    def _look_at(self, delta: Delta) -> None:
        element = delta.new_element
        kind = element.WhichOneof("type")
        assert kind != "exception", element.exception.message
        if kind == "bidi_component" and element.bidi_component.id.endswith(f"-{CHART_EVENTS}"):
            self._chart_events = (element.bidi_component.id, delta.fragment_id)
            self._drawn = True

    def _start_timer(self, fragment: str, interval: float) -> None:
        if fragment in self._timers and self._timers[fragment][0] == interval:
            return
        self._stop_timers([fragment])
        self._timers[fragment] = (interval, self._tasks.create_task(self._rerun_every(fragment, interval)))

    def _stop_timers(self, fragments: Iterable[str]) -> None:
        for fragment in fragments:
            if fragment in self._timers:
                self._timers.pop(fragment)[1].cancel()

    async def _rerun_every(self, fragment: str, interval: float) -> None:
        while True:
            await asyncio.sleep(interval)
            await self._send(fragment, auto=True)


def _trigger(component: str, event: str, model: int) -> WidgetState:
    """What a browser sends for `setTriggerValue(event, point)` of a component (see bridge.js)."""
    point = {"curve": 0, "point": model - 1, "x": 0.0, "y": 0.0, "z": None, "customdata": model}
    clicks = [{**point, "stack": [model], "number": time.time() * 1000}]
    return WidgetState(
        id=f"$$STREAMLIT_INTERNAL_KEY_{component}__events",
        json_trigger_value=json.dumps([{"event": event, "value": {"clicks": clicks}}]),
    )
