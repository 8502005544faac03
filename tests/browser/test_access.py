"""Without eyes or a mouse: whatever is shown has words, and the keyboard reaches every control of every page."""

import numpy as np
import pytest
from browsing import served
from catalogues import write_catalogue
from playwright.sync_api import Page, expect

from remap_core.data_folder.validation_images import write_validation_images

IMAGES = np.arange(20 * 64, dtype=np.int64).reshape(20, 8, 8, 1).astype(np.uint8)

PAGES = {
    "overview?drawer=1,3": ".st-key-overview-chart .js-plotly-plot .points path",
    "drawer?drawer=1,3,5": "[data-testid=stDataFrame] canvas",
    "inspect?model=1&drawer=1,3": ".st-key-inspect-confusion .js-plotly-plot .bars path",
    "generate?model=1&drawer=1,3": ".st-key-generate-contributions-1 .js-plotly-plot",
    "queue?drawer=1,3": "[data-testid=stDataFrame] canvas",
}
"""Addresses, and what each page draws last."""

WORDLESS = """
() => {
  const named = (e) => Boolean(e.closest('[aria-label]')?.ariaLabel.trim())
  const shown = (selector) => [...document.querySelectorAll(selector)].filter((e) => e.checkVisibility())
  const wordless = [
    ...shown('.js-plotly-plot').filter((e) => !named(e)),
    ...shown('[data-testid=stDataFrame]').filter((e) => !e.querySelector('[aria-label]:not(button)') && !named(e)),
    ...shown('img').filter((e) => !e.hasAttribute('alt')),
  ]
  return wordless.map((e) => `${e.tagName} in ${e.closest('[class*=st-key-]')?.className}`)
}
"""

CONTROLS = """
() => {
  const selector = 'a[href], button, input, select, textarea, summary, [role=button], [role=switch], [tabindex="0"]'
  const usable = (e) => e.checkVisibility({ visibilityProperty: true }) && !e.disabled && e.offsetWidth > 1
  const controls = [...document.querySelectorAll(selector)].filter(usable)
  controls.forEach((e, i) => { e.dataset.control = i })
  return controls.length
}
"""

FOCUSED = "() => document.activeElement === document.body ? null : document.activeElement.dataset.control ?? ''"

UNREACHED = """
(reached) => {
  // within a widget the arrows go on: from one option to the next, or to what its small buttons do
  const widgets = ['ButtonGroup', 'NumberInput', 'Selectbox', 'MultiSelect', 'Radio', 'DataFrame', 'Tabs']
  const widget = widgets.map((name) => `[data-testid=st${name}]`).join()
  const met = new Set(reached.map((i) => document.querySelector(`[data-control="${i}"]`)))
  const inMet = (e) => [...met].some((other) => other && e.closest(widget)?.contains(other))
  return [...document.querySelectorAll('[data-control]')]
    .filter((e) => !met.has(e) && !inMet(e))
    .map((e) => `${e.tagName} ${e.ariaLabel ?? e.innerText} in ${e.closest('[class*=st-key-]')?.className}`)
}
"""


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    home = tmp_path_factory.mktemp("access") / "home"
    write_validation_images(write_catalogue(home, waiting=2, failed=1), "digits", IMAGES)
    with served(home, autostart=False) as server:
        yield server.url


def opened(page: Page, url: str, address: str) -> None:
    page.goto(f"{url}/{address}")
    expect(page.locator(PAGES[address]).first).to_be_attached()
    page.wait_for_timeout(1_000)


def walked(page: Page) -> list[str]:
    """Numbers of the controls that Tab comes by, from the top of the page until it leaves it."""
    reached = []
    for _ in range(400):
        page.keyboard.press("Tab")
        control = page.evaluate(FOCUSED)
        if control is None:
            return reached
        reached.append(control)
    raise AssertionError(f"Tab never leaves the page: {reached[-20:]}")


@pytest.mark.parametrize("address", PAGES, ids=lambda address: address.split("?")[0])
def test_every_chart_table_and_picture_has_words(page, url, address):
    opened(page, url, address)
    assert page.evaluate(WORDLESS) == []


@pytest.mark.parametrize("address", PAGES, ids=lambda address: address.split("?")[0])
def test_the_keyboard_reaches_every_control_and_leaves_the_page(page, url, address):
    opened(page, url, address)
    assert page.evaluate(CONTROLS) > 10
    reached = [control for control in walked(page) if control]
    assert page.evaluate(UNREACHED, reached) == []


def test_options_side_by_side_are_chosen_with_the_arrows(page, url):
    opened(page, url, "drawer?drawer=1,3,5")
    page.locator(".st-key-drawer-chosen button").first.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name="Inspect #3")).to_be_visible()
