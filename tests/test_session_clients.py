"""The clients of `benchmarks.open_page` do what a browser does."""

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from browsing import served
from catalogues import changed
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from benchmarks.open_page import KeptMessages, OpenPage
from benchmarks.populations import write_many
from remap_core.trials.annotations import Annotation
from remap_core.ui.live import IDLE_POLL


def drawn(text, place=0, fragment=""):
    """A message large enough to be kept."""
    message = ForwardMsg(hash=text)
    message.delta.new_element.markdown.body = text
    message.delta.fragment_id = fragment
    message.metadata.cacheable = True
    message.metadata.delta_path.append(place)
    return message


def reference(text, place):
    message = ForwardMsg(ref_hash=text)
    message.metadata.delta_path.append(place)
    return message


def test_a_reference_puts_the_kept_message_in_its_own_place():
    kept = KeptMessages()
    kept.whole(drawn("chart", place=1))
    whole = kept.whole(reference("chart", place=2))
    assert (whole.delta.new_element.markdown.body, list(whole.metadata.delta_path)) == ("chart", [2])


def test_messages_are_kept_while_runs_use_them():
    kept = KeptMessages()
    kept.whole(drawn("old"))
    kept.whole(drawn("used"))
    for _ in range(3):
        kept.whole(reference("used", place=0))
        kept.end_run(2, [])
    assert kept.hashes() == ["used"]


def test_runs_of_fragments_forget_nothing_of_others():
    kept = KeptMessages()
    kept.whole(drawn("page"))
    kept.whole(drawn("part", fragment="live"))
    for _ in range(3):
        kept.end_run(2, ["live"])
    assert kept.hashes() == ["page"]


def test_a_message_that_is_not_to_be_kept_is_not():
    kept = KeptMessages()
    message = ForwardMsg(hash="small")
    assert kept.whole(message) is message
    assert not kept.hashes()


def run(clients: Coroutine[Any, Any, Any]) -> Any:
    """Run clients in a thread of their own: a browser of other tests has an event loop in this one."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, clients).result()


def test_a_click_adds_the_model_to_the_drawer_of_its_page_alone(tmp_path):
    write_many(tmp_path / "home", 5)

    async def clicks(url):
        async with asyncio.TaskGroup() as tasks:
            first, second = [await OpenPage.open(tasks, url, "overview") for _ in range(2)]
            await asyncio.gather(first.answered(), second.answered())
            for model in (3, 5):
                await first.click(model)
            await second.click(4)
            await asyncio.gather(first.leave(), second.leave())
        return first.query, second.query

    with served(tmp_path / "home", autostart=False) as server:
        assert run(clicks(server.url)) == ("model=5&drawer=3%2C5", "model=4&drawer=4")


class WatchedPage(OpenPage):
    """Counts what is drawn on it; the frame of an empty part is sent at each look."""

    drawn = 0

    def _look_at(self, delta):
        self.drawn += delta.HasField("new_element")
        super()._look_at(delta)


def test_open_pages_send_nothing_until_there_is_news_which_all_of_them_show(tmp_path):
    write_many(tmp_path / "home", 5)

    async def visit(url):
        async with asyncio.TaskGroup() as tasks:
            pages = [await WatchedPage.open(tasks, url, name, "model=1") for name in ("overview", "generate", "queue")]
            await asyncio.gather(*(page.answered() for page in pages))
            await asyncio.sleep(2 * IDLE_POLL)  # the overview's suggestions come to its map
            before = [page.drawn for page in pages]
            await asyncio.sleep(2 * IDLE_POLL)
            assert [page.drawn for page in pages] == before
            changed(tmp_path / "home", lambda store: store.annotate(1, Annotation(note="odd")))
            async with asyncio.timeout(60):
                while any(page.drawn == count for page, count in zip(pages, before, strict=True)):
                    await asyncio.sleep(0.1)
            await asyncio.gather(*(page.leave() for page in pages))

    with served(tmp_path / "home", autostart=False) as server:
        run(visit(server.url))


def test_a_client_goes_to_another_page_and_takes_its_drawer_along(tmp_path):
    write_many(tmp_path / "home", 5)

    async def visit(url):
        async with asyncio.TaskGroup() as tasks:
            page = await OpenPage.open(tasks, url, "overview")
            await page.answered()
            await page.click(3)
            await page.go("drawer")
            await page.leave()
            return page.query

    with served(tmp_path / "home", autostart=False) as server:
        assert run(visit(server.url)) == "model=3&drawer=3"


def test_a_page_that_the_app_lacks_is_an_error(tmp_path):
    write_many(tmp_path / "home", 1)

    async def visit(url):
        async with asyncio.TaskGroup() as tasks:
            page = await OpenPage.open(tasks, url, "nowhere")
            await page.answered()

    with (
        served(tmp_path / "home", autostart=False) as server,
        pytest.raises(ExceptionGroup, match="unhandled errors") as errors,
    ):
        run(visit(server.url))
    assert "no page nowhere" in str(errors.value.exceptions[0])
