"""Clicks on the generate page, as browser tests make them."""

import json
import re
from collections.abc import Callable

from browsing import wait_until_drawn_up
from playwright.sync_api import Locator, Page

PIXEL = """
([key, trace, said]) => {
  const gd = document.querySelector(`.st-key-${key} .js-plotly-plot`)
  const drawn = gd?._fullLayout && gd._fullData.find((t) => t.name === trace)
  const points = drawn ? Array.from(drawn.customdata ?? []) : []
  const i = points.findIndex((point) => JSON.stringify(point) === said)
  if (i < 0) return null
  gd.scrollIntoView({ block: 'center' })
  const { xaxis, yaxis } = gd._fullLayout
  const box = gd.getBoundingClientRect()
  const y = drawn.type === 'bar' ? drawn.base[i] + drawn.y[i] / 2 : drawn.y[i]
  return { x: box.left + xaxis._offset + xaxis.d2p(drawn.x[i]), y: box.top + yaxis._offset + yaxis.d2p(y) }
}
"""


HOVERED = """
([key, trace, said]) => {
  const points = document.querySelector(`.st-key-${key} .js-plotly-plot`)?._hoverdata ?? []
  return points.some(({ data, customdata }) => data.name === trace && JSON.stringify(customdata) === said)
}
"""


def click_mark(page: Page, key: str, trace: str, said) -> None:
    """Click the point of a chart that carries this customdata, once it is there, as a hand does: where it is hovered.

    plotly.js clicks what it has hovered. It looks for that after a move, at most every 50 ms, and forgets it where the
    page draws the chart again.
    """
    wanted = [key, trace, json.dumps(said, separators=(",", ":"))]
    for attempt in range(600):
        pixel = page.wait_for_function(PIXEL, arg=wanted).json_value()
        page.mouse.move(pixel["x"] + attempt % 2, pixel["y"])
        page.wait_for_timeout(60)
        if page.evaluate(HOVERED, wanted):
            break
    page.mouse.click(pixel["x"] + attempt % 2, pixel["y"])


SWITCHED_ON = """
(key) => {
  const gd = document.querySelector(`.st-key-${key} .js-plotly-plot`)
  const drawn = gd?._fullLayout && gd._fullData.find((t) => t.name === 'switches')
  return drawn ? Array.from(drawn.customdata).filter((_, i) => drawn.marker.symbol[i] === 'square').map(String) : null
}
"""


def click_until(page: Page, mark: tuple, done: Callable[[], bool]) -> None:
    """Click, and again where nothing came of it: a chart that was just drawn may not listen yet.

    It waits long before that, for a switch whose first click was only slow would be switched back by a second.
    """
    for _ in range(5):
        click_mark(page, *mark)
        for _ in range(75):
            if done():
                return
            page.wait_for_timeout(200)
    raise AssertionError(f"clicking {mark} changes nothing")


def switch_off(page: Page, key: str, kind: str) -> None:
    """Click a row's "none"."""

    def is_off() -> bool:
        return not any(f",{kind}," in switch for switch in page.evaluate(SWITCHED_ON, key) or [f",{kind},"])

    click_until(page, (key, "rows", ["row", kind, "none"]), is_off)


def choose(page: Page, way: str) -> None:
    page.get_by_role("radio", name=way).or_(page.get_by_role("button", name=way, exact=True)).first.click()


def train_button(page: Page, label: str) -> Locator:
    """The button with this label, with or without the expected time."""
    return page.get_by_role("button", name=re.compile(rf"^{re.escape(label)}(, about|$)"))


def train(page: Page, label: str) -> None:
    """Press the button once the page shows what it trains, as a person does."""
    wait_until_drawn_up(page)
    train_button(page, label).click()
