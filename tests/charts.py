"""Charts on a page, wherever they are drawn: Streamlit's own, or in frames of a package."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from playwright.sync_api import Error, Frame, Page

PIXEL = """
([selector, name, index]) => {
  const gd = document.querySelector(selector)
  const trace = gd?._fullLayout && gd._fullData.find((t) => t.name === name)
  if (!trace) return null
  gd.scrollIntoView({ block: 'center' })
  const at = typeof index === 'number' && index >= 0 ? index : null
  const y = trace.type === 'bar' ? trace.base[at] + trace.y[at] / 2 : at === null ? index[0] : trace.y[at]
  const x = at === null ? index[1] : trace.x[at]
  const { xaxis, yaxis } = gd._fullLayout
  const box = gd.getBoundingClientRect()
  return { x: box.left + xaxis._offset + xaxis.d2p(x), y: box.top + yaxis._offset + yaxis.d2p(y) }
}
"""


@dataclass
class Chart:
    """A chart by its key, in a page that draws charts by the backend `events`."""

    page: Page
    key: str
    events: str

    @property
    def selector(self) -> str:
        return ".js-plotly-plot" if self.events == "package" else f".st-key-{self.key} .js-plotly-plot"

    def frame(self) -> Frame:
        """Where the chart is: the page itself, or the frame that the package draws in."""
        if self.events != "package":
            return self.page.main_frame
        frame = self.page.wait_for_selector(f".st-key-{self.key}-embedded iframe", state="attached").content_frame()
        frame.wait_for_selector(self.selector)
        return frame

    def pixel(self, trace: str, index: int | tuple[int, int]) -> tuple[float, float]:
        """Of a point of a trace, or of a cell (row, column); once it is there."""
        frame = self.frame()
        pixel = frame.wait_for_function(PIXEL, arg=[self.selector, trace, index]).json_value()
        self.page.wait_for_timeout(300)  # what scrolled it into view moves the frame
        pixel = frame.evaluate(PIXEL, [self.selector, trace, index])
        left, top = self._corner(frame)
        return left + pixel["x"], top + pixel["y"]

    def click(self, trace: str, index: int | tuple[int, int]) -> None:
        """As a hand does: get there, and be there a moment before the click."""
        x, y = self.pixel(trace, index)
        self.page.mouse.move(x, y, steps=4)
        self.page.wait_for_timeout(150)
        self.page.mouse.click(x, y)

    def click_until(self, trace: str, index: int | tuple[int, int], done: Callable[[], bool]) -> None:
        """Click, and again where nothing came of it: a chart that was just drawn may not listen yet."""
        for _ in range(5):
            with suppress(Error):  # the frame was replaced at that moment
                self.click(trace, index)
            for _ in range(25):
                if done():
                    return
                self.page.wait_for_timeout(200)
        raise AssertionError(f"clicking {index} of {trace} in {self.key} changes nothing")

    def box_over_everything(self) -> None:
        """Drag a box from one corner of the plot to the other."""
        frame = self.frame()
        plot = frame.wait_for_selector(f"{self.selector} .nsewdrag").bounding_box()
        self.page.mouse.move(plot["x"] + 3, plot["y"] + 3)
        self.page.mouse.down()
        self.page.mouse.move(plot["x"] + plot["width"] - 3, plot["y"] + plot["height"] - 3, steps=5)
        self.page.mouse.up()

    def _corner(self, frame: Frame) -> tuple[float, float]:
        if frame == self.page.main_frame:
            return 0.0, 0.0
        box = frame.frame_element().bounding_box()
        return box["x"], box["y"]
