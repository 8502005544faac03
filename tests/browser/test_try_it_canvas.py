"""What only a browser can tell of "Try it": a stroke with the mouse, what becomes of it, and a file that is dropped."""

import re
from io import BytesIO

import numpy as np
import pytest
from browsing import served, wait_until_drawn_up
from catalogues import write_catalogue
from PIL import Image
from playwright.sync_api import Page, expect
from weights import leave_weights

PERCENTAGES = """
() => [...document.querySelectorAll('.st-key-page div')]
  .filter((e) => !e.children.length && / %$/.test(e.textContent) && e.style.textAlign === 'right')
  .map((e) => e.textContent)
"""


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    home = tmp_path_factory.mktemp("try") / "home"
    leave_weights(write_catalogue(home), 2)
    with served(home, autostart=False) as server:
        yield server.url


def draw(page: Page, *points: tuple[float, float]) -> None:
    """A stroke on the canvas through points in shares of its size."""
    canvas = page.get_by_role("img", name=re.compile("Canvas"))
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    (x, y), *others = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in points]
    page.mouse.move(x, y)
    page.mouse.down()
    for x, y in others:
        page.mouse.move(x, y, steps=5)
    page.mouse.up()


def test_strokes_with_the_mouse_are_answered_undone_and_kept(page, url):
    page.goto(f"{url}/inspect?model=2&tab=try-it")
    expect(page.get_by_text("Nothing is drawn yet")).to_be_visible()
    wait_until_drawn_up(page)
    draw(page, (0.3, 0.3), (0.7, 0.3), (0.4, 0.8))
    expect(page.get_by_role("img", name="What the model sees")).to_be_visible()
    one_stroke = page.evaluate(PERCENTAGES)
    assert len(one_stroke) == 5
    draw(page, (0.2, 0.9), (0.9, 0.9))
    page.wait_for_function(f"(before) => String(({PERCENTAGES})()) !== String(before)", arg=one_stroke)
    page.get_by_role("button", name="Undo").click()
    page.wait_for_function(f"(before) => String(({PERCENTAGES})()) === String(before)", arg=one_stroke)
    page.get_by_role("tab", name="Layers").click()
    expect(page.get_by_text("Nothing is drawn yet")).to_have_count(0)
    page.get_by_role("tab", name="Try it").click()
    expect(page.get_by_role("img", name="What the model sees")).to_be_visible()
    assert page.evaluate(PERCENTAGES) == one_stroke
    page.get_by_role("button", name="Clear").click()
    expect(page.get_by_text("Nothing is drawn yet")).to_be_visible()
    assert page.evaluate(PERCENTAGES) == []


def test_a_file_that_is_dropped_is_answered_and_one_of_another_kind_is_refused(page, url):
    page.goto(f"{url}/inspect?model=2&tab=try-it")
    page.get_by_role("radio", name="Upload").click()
    file = BytesIO()
    Image.fromarray(np.arange(64, dtype=np.uint8).reshape(8, 8)).save(file, "PNG")
    chooser = page.locator('input[type="file"]')
    chooser.set_input_files({"name": "eight.png", "mimeType": "image/png", "buffer": file.getvalue()})
    expect(page.get_by_role("img", name="What the model sees")).to_be_visible()
    assert len(page.evaluate(PERCENTAGES)) == 5
    chooser.set_input_files({"name": "<b>no.png", "mimeType": "image/png", "buffer": b"<b>no picture"})
    expect(page.get_by_text("This picture cannot be used: it is not an image, or it is damaged.")).to_be_visible()
