"""Without eyes or a mouse: whatever is shown has words, and the keyboard reaches every control of every page."""

import re

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
    "generate?way=suggest": "[data-testid=stDataFrame] canvas",
    "queue?drawer=1,3": "[data-testid=stDataFrame] canvas",
    "data?drawer=1,3": "[data-testid=stFileUploader]",
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

WIDTHS = {390: 844, 768: 1024, 1024: 768, 1440: 900, 2560: 1300, 720: 450}
"""Screens in CSS pixels, the last one of 1440 x 900 at a zoom of 200 %."""

SIDEWAYS = """
() => [document.documentElement, document.querySelector('[data-testid=stMain]')]
  .filter((e) => e.scrollWidth > Math.min(e.clientWidth, innerWidth)).map((e) => e.scrollWidth)
"""

CUT = """
() => {
  // a button whose words do not fit, or that lies beyond an edge of the screen
  const isCut = (e) => e.scrollWidth > e.clientWidth + 1 || e.getBoundingClientRect().right > innerWidth
  const buttons = [...document.querySelectorAll('[data-testid=stMain] button')]
  return buttons.filter((e) => e.checkVisibility({ visibilityProperty: true }) && isCut(e)).map((e) => e.innerText)
}
"""

SMALL = """
() => {
  const isSmall = ({ width, height }) => Math.min(width, height) < 40
  const isOnScreen = ({ left, right, width }) => right > 0 && left < innerWidth && width > 1
  // what is touched: for a field all that is drawn as one
  const area = (e) => (e.tagName === 'INPUT' ? e.closest('label') ?? e.parentElement : e).getBoundingClientRect()
  return [...document.querySelectorAll('a[href], button, summary, input')]
    .filter((e) => e.checkVisibility({ visibilityProperty: true }) && isOnScreen(area(e)) && isSmall(area(e)))
    .map((e) => `${e.tagName} ${e.ariaLabel ?? e.innerText} ${area(e).width} x ${area(e).height}`)
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
    opened(page, url, "generate?model=1&drawer=1,3")
    page.locator(".st-key-generate-way").get_by_role("radio", name="Ablate").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    expect(page.get_by_role("spinbutton", name="Children per parent")).to_be_visible()


@pytest.mark.parametrize("address", PAGES, ids=lambda address: address.split("?")[0])
def test_nothing_scrolls_sideways_or_is_cut_at_any_width(page, url, address):
    opened(page, url, address)
    for width, height in WIDTHS.items():
        page.set_viewport_size({"width": width, "height": height})
        page.wait_for_function("(width) => document.documentElement.clientWidth === width", arg=width)
        page.wait_for_timeout(300)
        for fault in (SIDEWAYS, CUT):
            for _ in range(20):  # a busy machine lays it out a little later
                if page.evaluate(fault) == []:
                    break
                page.wait_for_timeout(200)
            assert page.evaluate(fault) == [], width


def test_the_toolbar_of_the_map_is_one_row_beside_a_page_and_two_on_a_phone(page, url):
    opened(page, url, "overview?drawer=1,3")
    toolbar = page.locator(".st-key-map-toolbar")
    page.set_viewport_size({"width": 1440, "height": 900})
    expect(toolbar).to_have_css("height", re.compile(r"3\dpx|3\d\..*"))
    page.set_viewport_size({"width": 390, "height": 844})
    page.wait_for_function("() => document.querySelector('.st-key-map-toolbar').offsetHeight > 60")
    assert toolbar.evaluate("(e) => e.offsetHeight") < 100


@pytest.fixture(scope="module")
def phone(chromium):
    context = chromium.new_context(
        viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True, reduced_motion="reduce"
    )
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("address", PAGES, ids=lambda address: address.split("?")[0])
def test_on_a_phone_all_targets_are_as_large_as_a_finger_and_the_page_begins_in_sight(phone, url, address):
    opened(phone, url, address)
    assert phone.evaluate(SIDEWAYS) == []
    assert phone.evaluate(SMALL) == []
    assert phone.locator(".st-key-page").evaluate("(e) => e.getBoundingClientRect().top") <= 0.65 * 844


def test_on_a_phone_all_targets_of_the_sidebar_are_as_large_as_a_finger(phone, url):
    opened(phone, url, "overview?drawer=1,3")
    phone.get_by_test_id("stExpandSidebarButton").click()
    expect(phone.get_by_test_id("stSidebarHeader")).to_be_in_viewport(ratio=1)
    phone.wait_for_timeout(500)
    assert phone.evaluate(SMALL) == []


def test_the_keyboards_place_looks_unlike_the_current_page(page, url):
    opened(page, url, "overview?drawer=1,3")
    link = page.get_by_role("link", name="Queue")
    expect(link).to_have_css("outline-style", "none")
    page.get_by_role("link", name="Generate").focus()
    page.keyboard.press("Tab")
    expect(link).to_be_focused()
    expect(link).to_have_css("outline-style", "solid")
    expect(link).to_have_css("outline-width", "2px")
    current = page.get_by_role("link", name="Overview")
    expect(current).to_have_css("outline-style", "none")
