"""What is done in a chart reaches the app, once, by the bridge and by the package alike."""

import re
from dataclasses import dataclass

import numpy as np
import pytest
from browsing import go_to, open_map, served, wait_until_drawn_up
from catalogues import changed, evaluation, write_catalogue
from charts import Chart
from generating import train_button
from playwright.sync_api import Page, expect
from trainings import epoch

from remap_core.catalogue.store import CatalogueStore
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


def weigh(page: Page, label: int) -> None:
    """Click a class's chip once; the page runs again with all its charts."""
    page.locator(f".st-key-class-{label} button").click()
    expect(page.locator(f".st-key-class-{label}")).to_contain_text("×1")
    wait_until_drawn_up(page)


def test_a_removed_model_does_not_come_back_until_its_circle_is_clicked_again(page, site):
    page.goto(f"{site.url}/overview")
    chart = site.chart(page, "overview-chart")
    chart.click_until("models", 3, lambda: is_kept(page, 4))
    go_to(page, "Drawer")
    page.get_by_role("button", name="Remove 1 model").click()
    expect(page.locator(KEPT)).to_have_count(0)
    go_to(page, "Overview")
    weigh(page, 3)
    page.wait_for_timeout(1_000)
    expect(page.locator(KEPT)).to_have_count(0)
    chart.click_until("models", 3, lambda: is_kept(page, 4))


def test_what_is_selected_by_a_circle_stays_out_once_a_button_chose_another(page, site):
    page.goto(f"{site.url}/overview")
    chart = site.chart(page, "overview-chart")
    chart.click_until("models", 1, lambda: is_kept(page, 2))
    chart.click_until("models", 3, lambda: is_kept(page, 4))
    page.locator(".st-key-open-2 button").first.click()
    page.wait_for_url("**/inspect?model=2&**")
    weigh(page, 3)
    page.wait_for_timeout(1_000)
    assert "/inspect?model=2&" in page.url
    chart.click_until("models", 3, lambda: "/inspect?model=4&" in page.url)  # the same point twice


def test_the_map_stays_on_every_page_and_a_circle_can_be_clicked_there(page, site):
    page.goto(f"{site.url}/overview")
    chart = site.chart(page, "overview-chart")
    chart.pixel("models", 0)
    for model, name in enumerate(("Generate", "Inspect", "Overview"), start=1):
        go_to(page, name)
        chart.click_until("models", model - 1, lambda model=model: f"?model={model}&" in page.url)
    go_to(page, "Queue")
    open_map(page)
    chart.click_until("models", 4, lambda: "/queue?model=5&" in page.url)


def test_a_selected_model_is_ringed_and_one_that_finishes_meanwhile_appears_and_can_be_clicked(page, tmp_path, site):
    home = tmp_path / "home"
    write_catalogue(home, waiting=1)
    with served(home, autostart=False, events=site.events) as server:
        page.goto(f"{server.url}/inspect?model=3")
        chart = site.chart(page, "overview-chart")
        chart.frame().wait_for_function(RINGED, arg=chart.selector)
        changed(home, finish_waiting)
        chart.frame().wait_for_function(ARRIVED, arg=chart.selector)
        expect(page.get_by_text("7 models, best 90.0 %")).to_be_visible()
        chart.click_until("arrived", 0, lambda: "/inspect?model=7&" in page.url)


RINGED = """
(selector) => {
  const gd = document.querySelector(selector)
  return (gd?.layout?.shapes ?? []).some(({ name }) => name === 'selected')
    || (gd?.data ?? []).some(({ name, x }) => name === 'selected' && x.length === 1)
}
"""
ARRIVED = "(s) => document.querySelector(s)?.data?.find(({ name }) => name === 'arrived')?.customdata?.[0] === 7"


def finish_waiting(store: CatalogueStore) -> None:
    store.claim(201.0)
    store.record_epoch(7, epoch(1))
    store.complete(7, evaluation(18), 202.0)


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
