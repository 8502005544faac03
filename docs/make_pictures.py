"""Makes every picture of README and docs that shows the app or its data, in light and dark.

    python docs/make_pictures.py                   # all; a quarter of an hour on two cores
    python docs/make_pictures.py overview walk     # some

Needs a chromium and the extra `test`. The models are the forty leaves of the demo; the walk and the moving picture
train children of one of them, in a temporary folder.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass

import numpy as np
from make_walk import write_walk
from PIL import Image, ImageDraw
from screens import DATASET, DOCS, SCHEMES, Screen, screen, still, taken

from browsing import PIXEL_OF
from remap_core import datasets
from remap_core.catalogue.snapshot import open_snapshot
from remap_core.data_folder.folder import DataFolder
from remap_core.trials.trial import TrialState

PROJECTIONS = ("", "&map=structure", "&map=prediction")
SCALE, GAP, ROWS = 3, 2, 5
"""Of the picture of the leaves: its enlargement, the pixels around an image, images of each class."""
PARENT = 73
"""The model of the moving picture: the knee of the front."""
SIZE = (1008, 630)
"""Of the moving picture, in pixels."""
ARROW = ((0, 0), (0, 17), (4, 13), (7, 20), (10, 19), (7, 12), (12, 12))
MAX_BYTES = 3_000_000


def leaves() -> None:
    """Five images of each class, enlarged; a column for each class."""
    card = datasets.load(DATASET).card(examples_per_class=ROWS)
    framed = np.pad(card.examples, [(0, 0), (0, 0), (GAP, GAP), (GAP, GAP), (0, 0)], constant_values=255)
    classes, rows, height, width, channels = framed.shape
    sheet = framed.transpose(1, 2, 0, 3, 4).reshape(rows * height, classes * width, channels)
    picture = Image.fromarray(sheet)
    enlarged = picture.resize((SCALE * picture.width, SCALE * picture.height), Image.Resampling.NEAREST)
    enlarged.save(DOCS / "leaves.png", optimize=True)


def overview() -> None:
    """The first page."""
    with screen() as shown:
        shown.open(f"overview?dataset={DATASET}")
        shown.save(DOCS / "overview.png")


def projections() -> None:
    """The same models in the three projections, side by side."""
    for scheme, ending in SCHEMES.items():
        charts = []
        with screen(scheme) as shown:
            for projection in PROJECTIONS:
                shown.open(f"overview?dataset={DATASET}{projection}")
                shown.page.wait_for_timeout(2_000)
                charts.append(still(shown.page, ".st-key-overview-chart"))
        size = (sum(part.width for part in charts), max(part.height for part in charts))
        joined = Image.new("RGB", size, charts[0].getpixel((0, 0)))
        for place, part in enumerate(charts):
            joined.paste(part, (sum(before.width for before in charts[:place]), 0))
        joined.thumbnail((1800, 1800))
        joined.save(DOCS / f"projections{ending}.png", optimize=True)


def workspace() -> None:
    """A click, its ablations, and the children landing on the map, as a moving picture."""
    for scheme, ending in SCHEMES.items():
        with screen(scheme) as shown:
            film = Film(shown)
            play(shown, film)
        file = DOCS / f"workspace{ending}.webp"
        film.save(file)
        if file.stat().st_size > MAX_BYTES:
            raise SystemExit(f"{file.name} takes {file.stat().st_size:,} bytes; at most {MAX_BYTES:,} are meant.")


@dataclass(frozen=True)
class Place:
    """Where the pointer is, in pixels of the page."""

    x: float
    y: float


class Film:
    """Frames of a moving picture, with the pointer drawn in."""

    def __init__(self, shown: Screen) -> None:
        self.shown = shown
        self.pointer = Place(900, 700)
        self.frames: list[Image.Image] = []
        self.milliseconds: list[int] = []

    def take(self, milliseconds: int) -> None:
        """Take a frame that stays for so long."""
        frame = taken(self.shown.page)
        arrow = [(self.pointer.x + 1.4 * x, self.pointer.y + 1.4 * y) for x, y in ARROW]
        ImageDraw.Draw(frame).polygon(arrow, fill="black", outline="white", width=2)
        self.frames.append(frame.resize(SIZE, Image.Resampling.LANCZOS))
        self.milliseconds.append(milliseconds)

    def click(self, place: Place, milliseconds: int) -> None:
        """Go to a place in three frames, click, and take what comes of it."""
        start = self.pointer
        for share in (0.4, 0.8, 1.0):
            self.pointer = Place(start.x + share * (place.x - start.x), start.y + share * (place.y - start.y))
            self.shown.page.mouse.move(self.pointer.x, self.pointer.y)
            self.shown.page.wait_for_timeout(150)
            self.take(120)
        self.milliseconds[-1] = 500
        self.shown.page.mouse.click(place.x, place.y)
        self.shown.settle()
        self.take(milliseconds)

    def save(self, file) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
        first, *others = self.frames
        first.save(file, save_all=True, append_images=others, duration=self.milliseconds, loop=0, quality=78, method=6)


def play(shown: Screen, film: Film) -> None:
    """Select a model of the front, open Generate, train its ablations, and watch."""
    shown.open(f"overview?dataset={DATASET}")
    film.take(1_200)
    pixel = shown.page.wait_for_function(PIXEL_OF, arg=["overview-chart", PARENT]).json_value()
    film.click(Place(pixel["x"], pixel["y"]), 1_200)
    film.click(middle(shown, "nav a:has-text('Generate')"), 1_500)
    film.click(middle(shown, ".st-key-generate-train button"), 700)
    before = None
    while True:
        counts = open_snapshot(DataFolder(shown.home)).counts()
        if counts != before:
            shown.page.wait_for_timeout(2_000)  # until the page has it, too
            film.take(700)
        if before and counts[TrialState.WAITING] + counts[TrialState.RUNNING] == 0:
            break
        before = counts
        shown.page.wait_for_timeout(300)
    shown.settle()
    film.take(3_500)


def middle(shown: Screen, selector: str) -> Place:
    """The middle of an element."""
    box = shown.page.locator(selector).first.bounding_box()
    assert box, f"There is no {selector} on the page."
    return Place(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)


MADE = {"leaves": leaves, "overview": overview, "projections": projections, "walk": write_walk, "workspace": workspace}


if __name__ == "__main__":
    for name in sys.argv[1:] or MADE:
        MADE[name]()
        sys.stdout.write(f"Made {name}.\n")
