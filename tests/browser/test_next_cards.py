"""Suggestions as their users meet them: one click trains a card's, and the autopilot goes on by itself."""

from browsing import drawn_models, go_to, served
from catalogues import write_catalogue
from playwright.sync_api import expect

from remap_core.catalogue.snapshot import open_snapshot
from remap_core.data_folder.folder import DataFolder
from remap_core.datasets.dataset import load_dataset


def test_a_suggestion_is_trained_by_one_click_and_the_autopilot_trains_two_more(page, tmp_path):
    home = tmp_path / "home"
    write_catalogue(home, card=load_dataset("digits").card())
    with served(home, population=0, workers=1) as server:
        page.goto(f"{server.url}/generate?way=suggest")
        expect(page.locator(".st-key-autopilot-start button")).to_be_enabled()
        go_to(page, "Overview")
        page.locator(".st-key-next-train-0 button").click()
        expect(page.get_by_text("Model 7 queued.")).to_be_visible()
        for _ in range(300):
            if 7 in drawn_models(page):
                break
            page.wait_for_timeout(200)
        assert 7 in drawn_models(page)

        page.get_by_role("button", name="All candidates").click()
        expect(page.get_by_role("radio", name="Suggest")).to_be_checked()
        trainings = page.get_by_label("Trainings")
        trainings.fill("2")
        trainings.press("Enter")
        page.locator(".st-key-autopilot-start button").click()
        done = page.get_by_text("2 of 2 trainings finished")
        expect(done).to_be_visible(timeout=150_000)
        go_to(page, "Overview")
        assert page.locator(".stException").count() == 0
    catalogue = open_snapshot(DataFolder(home))
    assert [trial.proposal.suggested for trial in catalogue.trials([6, 7, 8, 9])] == [False, True, True, True]
