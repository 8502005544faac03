"""Walk the use case of the paper (section 7) in a real browser, and write docs/walk.md with a picture of each step.

    python docs/make_pictures.py walk

Starts from the forty leaves of the demo and trains about two dozen children, in a temporary folder; takes five minutes on two
cores. Every click counts.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Locator, Page
from screens import DATASET, DOCS, Screen, screen, settle

from browsing import PIXEL_OF
from generating import PIXEL
from remap_core.catalogue.snapshot import open_snapshot
from remap_core.data_folder.folder import DataFolder
from remap_core.trials.population import Population, pareto_front
from remap_core.trials.trial import Trial, TrialState

PICTURES = DOCS / "walk"
MAX_CLICKS = 25
MAX_WAIT = 900_000
"""Milliseconds."""
SMALL = 0.15
"""A small model of the front is one that is at most so much less accurate than the best."""


class Walk:
    """A person at the browser, who counts clicks and takes a picture after each step."""

    def __init__(self, shown: Screen) -> None:
        self.shown = shown
        self.page: Page = shown.page
        self.home: Path = shown.home
        self.clicks = 0
        self.steps: list[str] = []

    def catalogue(self):  # type: ignore[no-untyped-def]  # noqa: ANN201
        return open_snapshot(DataFolder(self.home))

    def click(self, target: Locator) -> None:
        target.click()
        self.clicks += 1
        self.settle()

    def click_circle(self, model: int) -> None:
        pixel = self.page.wait_for_function(PIXEL_OF, arg=["overview-chart", model]).json_value()
        self._click_at(pixel)

    def click_mark(self, chart: str, trace: str, said: str) -> None:
        """Click the point of a chart that carries this customdata, as JSON."""
        pixel = self.page.wait_for_function(PIXEL, arg=[chart, trace, said]).json_value()
        self._click_at(pixel)

    def _click_at(self, pixel: dict[str, float]) -> None:
        self.page.mouse.move(pixel["x"], pixel["y"], steps=4)
        self.page.wait_for_timeout(200)
        self.page.mouse.click(pixel["x"], pixel["y"])
        self.clicks += 1
        self.settle()

    def settle(self) -> None:
        self.shown.settle()

    def go_to(self, name: str) -> None:
        self.click(self.page.locator("nav a", has_text=name).first)

    def train(self) -> None:
        """Press the button that trains, and wait until everything is trained."""
        self.click(self.page.locator(".st-key-generate-train button"))
        self.wait(lambda: self.page.get_by_text(re.compile(r"queued")).count() > 0)

    def wait(self, done: Callable[[], bool]) -> None:
        for _ in range(MAX_WAIT // 300):
            if done():
                return
            self.page.wait_for_timeout(300)
        raise AssertionError("It takes too long.")

    def wait_until_trained(self) -> None:
        self.wait(self._is_idle)
        self.page.wait_for_timeout(2_500)  # until the page has the last ones

    def _is_idle(self) -> bool:
        counts = self.catalogue().counts()
        return counts[TrialState.WAITING] + counts[TrialState.RUNNING] == 0

    def step(self, title: str, text: str, again: Callable[[Page], None] | None = None) -> None:
        """A step is done: its pictures, and what was done. again: what a page needs besides the URL to show it."""
        number = len(self.steps) + 1
        self.page.mouse.move(720, 890)
        self.shown.save(PICTURES / f"{number}.png", again)
        light = f"![{title}](walk/{number}.png#only-light)"
        dark = f"![{title}](walk/{number}-dark.png#only-dark)"
        self.steps.append(f"## {number}. {title}\n\n{text}\n\n{light}\n{dark}\n\n*{self.clicks} clicks so far.*")


def front_of(population: Population) -> list[int]:
    return [int(population.id[row]) for row in pareto_front(population.parameters, population.accuracy)]


def pool_of(trial: Trial) -> int:
    """The first layer that pools, else the first one."""
    kinds = [layer.kind for layer in trial.architecture.layers]
    return next((place for place, kind in enumerate(kinds) if "pool" in kind), 0)


def walk(shown: Screen) -> Walk:
    """The use case: from a population to a small model, by what its ablations and variations teach."""
    visit = Walk(shown)
    page = shown.page
    shown.open(f"overview?dataset={DATASET}")
    population = visit.catalogue().population(DATASET)
    front = front_of(population)
    accuracy = dict(zip(population.id.tolist(), population.accuracy.tolist(), strict=True))
    smallest = next(model for model in front if accuracy[model] >= max(accuracy.values()) - SMALL)
    visit.step(
        "Look at the population",
        f"{len(population.id)} models of `{DATASET}` are trained. Nothing is selected: three are worth a start.",
    )

    for model in (front[-1], front[-2], smallest):
        visit.click_circle(model)
    visit.step("Add three models of the front to the drawer", "A click on a circle selects its model and keeps it.")

    visit.go_to("Drawer")
    visit.step("Compare them", "Side by side; two selected ones are compared layer by layer.")

    visit.click(page.locator(f".st-key-open-{smallest} button").first)
    visit.go_to("Generate")
    visit.step(
        "Take the small one as the baseline", "Every layer removed in turn: what each child costs, and what to expect."
    )

    visit.train()
    visit.wait_until_trained()
    visit.step("Train its ablations", "Children appear on the map as they train; the table says which layers pay.")

    baseline = visit.catalogue().trial(smallest)
    visit.click(page.get_by_role("radio", name="Vary").or_(page.get_by_role("button", name="Vary", exact=True)).first)
    block = (f"generate-permissions-{smallest}", "layers", str(pool_of(baseline)))
    visit.click_mark(*block)

    def click_block(dark: Page) -> None:
        pixel = dark.wait_for_function(PIXEL, arg=list(block)).json_value()
        dark.mouse.move(pixel["x"], pixel["y"], steps=4)
        dark.wait_for_timeout(200)
        dark.mouse.click(pixel["x"], pixel["y"])
        settle(dark)

    visit.step("Vary one layer only", "A click on a block allows only edits of that layer.", click_block)
    visit.train()
    visit.wait_until_trained()

    visit.click(page.get_by_role("radio", name="Edit").or_(page.get_by_role("button", name="Edit", exact=True)).first)
    visit.click_mark("handcraft-snac", "handles", '["insert",0]')
    visit.click(page.locator(".st-key-handcraft-insert button"))
    visit.train()
    visit.step(
        "Handcraft one", "A click between two blocks says where, Insert does it; shapes and costs are known at once."
    )
    visit.click_mark("handcraft-snac", "layers", str(len(baseline.architecture.layers)))
    visit.click(page.locator(".st-key-handcraft-remove button"))
    visit.train()
    visit.wait_until_trained()
    visit.step("Handcraft another", "The draft goes on from where it was.")

    newest = visit.catalogue().population(DATASET)
    small = newest.parameters <= 2 * baseline.architecture.parameters
    best = int(newest.id[small][newest.accuracy[small].argmax()])
    visit.go_to("Inspect")
    visit.click_circle(best)
    visit.step(
        "Pick by confusion", "Its mistakes, and the images behind them, say whether it is good where it matters."
    )
    return visit


def write_walk() -> None:
    """Walk, then write."""
    PICTURES.mkdir(exist_ok=True)
    with screen() as shown:
        visit = walk(shown)
    if visit.clicks > MAX_CLICKS:
        raise SystemExit(f"{visit.clicks} clicks; at most {MAX_CLICKS} are meant.")
    head = (
        "# The use case of the paper, step by step\n\nMade by `python docs/make_pictures.py walk`: a real browser, a real "
        f"trainer, the data set `{DATASET}`, {visit.clicks} clicks in all."
    )
    (DOCS / "walk.md").write_text("\n\n".join([head, *visit.steps]) + "\n", encoding="utf-8")
