"""What is done in a chart reaches the app, once, by the bridge and by the package alike."""

import re
from dataclasses import dataclass

import numpy as np
import pytest
from browsing import served
from catalogues import write_catalogue
from charts import Chart
from generating import train_button
from playwright.sync_api import Page, expect

from remap_core.data_folder.validation_images import write_validation_images

IMAGES = np.arange(20 * 64, dtype=np.int64).reshape(20, 8, 8, 1).astype(np.uint8)
KEPT = "[class*=st-key-open-]"


@dataclass
class Site:
    url: str
    events: str

    def chart(self, page: Page, key: str) -> Chart:
        return Chart(page, key, self.events)


@pytest.fixture(scope="module", params=["bridge", "package"])
def site(request, tmp_path_factory):
    """A server on a finished catalogue with images, without a trainer; its charts are drawn by one backend."""
    home = tmp_path_factory.mktemp("events") / "home"
    write_validation_images(write_catalogue(home), "digits", IMAGES)
    with served(home, autostart=False, events=request.param) as server:
        yield Site(server.url, request.param)


def is_kept(page: Page, model: int) -> bool:
    return page.locator(f".st-key-open-{model}").count() == 1


def test_a_click_on_a_circle_keeps_its_model_and_the_next_click_another(page, site):
    page.goto(f"{site.url}/overview")
    chart = site.chart(page, "overview-chart")
    chart.click_until("models", 3, lambda: is_kept(page, 4))
    chart.click_until("models", 1, lambda: is_kept(page, 2))
    expect(page.get_by_text("#2 is selected")).to_be_visible()
    expect(page.locator(KEPT)).to_have_count(2)


def test_a_box_keeps_all_models_in_it(page, site):
    page.goto(f"{site.url}/overview")
    chart = site.chart(page, "overview-chart")
    chart.pixel("models", 0)
    chart.box_over_everything()
    expect(page.locator(KEPT)).to_have_count(6)


def test_a_removed_model_does_not_come_back_until_its_circle_is_clicked_again(page, site):
    page.goto(f"{site.url}/overview")
    chart = site.chart(page, "overview-chart")
    chart.click_until("models", 3, lambda: is_kept(page, 4))
    page.get_by_role("link", name="Drawer").click()
    page.get_by_role("button", name="Remove 1 model").click()
    expect(page.locator(KEPT)).to_have_count(0)
    page.get_by_role("link", name="Overview").first.click()
    page.get_by_role("spinbutton", name="Weight of 3").fill("2")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Objective: 3 x2")).to_be_visible()
    page.wait_for_timeout(1_000)
    expect(page.locator(KEPT)).to_have_count(0)
    chart.click_until("models", 3, lambda: is_kept(page, 4))


def test_what_is_selected_by_a_circle_stays_out_once_its_button_chose_another(page, site):
    page.goto(f"{site.url}/overview")
    chart = site.chart(page, "overview-chart")
    chart.click_until("models", 3, lambda: is_kept(page, 4))
    page.locator(".st-key-front-2 button").click()
    expect(page.get_by_text("#2 is selected")).to_be_visible()
    page.get_by_role("spinbutton", name="Weight of 3").fill("2")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Objective: 3 x2")).to_be_visible()
    expect(page.get_by_text("#2 is selected")).to_be_visible()
    chart.click_until("models", 3, lambda: page.get_by_text("#4 is selected").count() == 1)  # the same point twice


def test_a_click_on_a_cell_of_the_confusion_matrix_opens_its_images(page, site):
    page.goto(f"{site.url}/inspect?model=1")
    chart = site.chart(page, "inspect-confusion")
    chart.click_until("wrong", (9, 0), lambda: page.get_by_alt_text("9, predicted 0").count() == 1)
    page.get_by_role("tab", name="Performance").click()
    chart.click_until("right", (3, 3), lambda: page.get_by_alt_text("3, predicted 3").count() == 1)
    page.get_by_role("tab", name="Performance").click()
    chart.click_until("board", (0, 9), lambda: page.get_by_text("No 0 was predicted as 9.").count() == 1)
    expect(page.get_by_alt_text(re.compile("predicted"))).to_have_count(0)


def test_a_click_on_a_block_of_a_snac_chooses_its_layer_and_another_click_takes_it_back(page, site):
    page.goto(f"{site.url}/generate?model=1")
    chart = site.chart(page, "generate-snac-1")
    one = train_button(page, "Train 1 ablation")
    chart.click_until("layers", 3, lambda: one.count() == 1)
    chart.click_until("layers", 3, lambda: one.count() == 0)
