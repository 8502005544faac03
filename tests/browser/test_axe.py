"""axe-core on every page, with and without a selected model, in light and in dark: nothing serious or critical."""

import numpy as np
import pytest
from accessibility import findings
from browsing import served, wait_until_drawn_up
from catalogues import write_catalogue
from playwright.sync_api import Page, expect
from weights import leave_weights

from remap_core.data_folder.validation_images import write_validation_images

IMAGES = np.arange(20 * 64, dtype=np.int64).reshape(20, 8, 8, 1).astype(np.uint8)

SELECTION = "model=1&drawer=1,3"
ADDRESSES = (
    "overview",
    f"overview?{SELECTION}",
    "drawer",
    f"drawer?{SELECTION}",
    "inspect",
    f"inspect?{SELECTION}",
    f"inspect?{SELECTION}&tab=try-it",
    "generate",
    f"generate?{SELECTION}",
    "generate?way=suggest",
    f"queue?{SELECTION}",
    f"data?{SELECTION}",
)

SETTLED = """
() => {
  const page = document.querySelector('.st-key-page')
  const text = page?.innerText.length ?? 0
  const isStill = text > 0 && text === window.lengthBefore && !page.querySelector('[data-stale=true]')
  window.lengthBefore = text
  return isStill
}
"""
"""Whether the page says as much as a moment ago, and nothing in it is faded because it will be replaced."""


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    home = tmp_path_factory.mktemp("axe") / "home"
    folder = write_catalogue(home, waiting=2, failed=1)
    write_validation_images(folder, "digits", IMAGES)
    leave_weights(folder, 1)
    with served(home, autostart=False) as server:
        yield server.url


@pytest.fixture
def coloured(page: Page):
    yield page
    page.emulate_media(color_scheme=None)


def settle(page: Page) -> None:
    wait_until_drawn_up(page)
    page.wait_for_function(SETTLED, polling=250)


@pytest.mark.parametrize("address", ADDRESSES)
def test_axe_finds_nothing_serious_in_light_and_in_dark(coloured, url, address):
    coloured.emulate_media(color_scheme="light")
    coloured.goto(f"{url}/{address}")
    settle(coloured)
    assert findings(coloured) == []
    coloured.emulate_media(color_scheme="dark")
    expect(coloured.get_by_test_id("stApp")).to_have_css("color-scheme", "dark")
    settle(coloured)
    assert findings(coloured) == []


def test_axe_is_heard(page, url):
    page.set_content("<html lang=en><title>A page</title><button></button><img src=data:,>")
    assert [finding.split(":")[0] for finding in findings(page)] == ["button-name", "image-alt"]
