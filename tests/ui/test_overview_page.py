"""The overview with objective and filter, run by Streamlit's own test runner."""

import re
from dataclasses import replace

import numpy as np
import pytest
from apps import address, go, map_traces, opened, said, type_into
from catalogues import CARD, changed, evaluation, write_catalogue
from trainings import epoch

from remap_core.catalogue.snapshot import Publisher, open_snapshot
from remap_core.catalogue.store import CatalogueStore
from remap_core.data_folder.folder import DataFolder
from remap_core.data_folder.inbox import Inbox
from remap_core.trials.training_recipe import QUICK
from remap_core.trials.trial import Origin
from remap_core.ui.model_map.filter_panel import PANEL
from remap_core.ui.overview import newer_recipe
from remap_core.ui.session import SESSION


def chip(app, label: int) -> str:
    """The words on a class's chip, without its picture."""
    return re.sub(r"!\[]\(data:[^)]*\) ", "", app.button(key=f"class-{label}").label)


def weighted(app) -> list[str]:
    """The chips of the classes with a weight."""
    labels = [int(button.key.removeprefix("class-")) for button in app.button if button.key.startswith("class-")]
    return [text for text in (chip(app, label) for label in labels) if "×" in text]


def press(app, *keys: str):
    for key in keys:
        app.button(key=key).click().run()
        assert not app.exception
    return app


def enter(app, **values):
    for key, value in values.items():
        app.number_input(key=key.replace("_", "-")).set_value(value).run()
        assert not app.exception
    return app


def with_filter(app):
    """The page with its filter open: its controls are not made before."""
    app.session_state[PANEL] = True
    return app.run()


def renamed(home, names: tuple[str, ...], classes: int = 10) -> None:
    """The data set with other class names, and as many classes as there are names."""
    write_catalogue(home)
    folder = DataFolder(home)
    store = CatalogueStore.open(folder)
    examples = np.zeros((len(names), *CARD.examples.shape[1:]), np.uint8)
    store.register_dataset(replace(CARD, class_names=names, examples=examples))
    Publisher(store, folder).publish()
    store.close()


def test_clicks_on_chips_weigh_two_classes_and_an_entry_caps_the_parameters(home):
    write_catalogue(home)
    app = press(opened("overview"), "class-2", "class-2", "class-3")
    enter(app, cap_parameters=100_000)
    assert weighted(app) == ["2 **×2**", "3 **×1**"]
    assert address(app) == {"classes": "2x2-3", "cap": "100000"}
    assert "at most 100,000 parameters" in said(app)


def test_a_fourth_click_on_a_chip_takes_its_weight_away(home):
    write_catalogue(home)
    app = opened("overview")
    seen = [weighted(press(app, "class-5")) for _ in range(4)]
    assert seen == [["5 **×1**"], ["5 **×2**"], ["5 **×3**"], []]
    assert "classes" not in address(app)


def test_a_weight_that_no_click_gives_is_shown_and_the_next_click_goes_on_from_it(home):
    write_catalogue(home)
    app = opened("overview", classes="2x1.5-3x7")
    assert weighted(app) == ["2 **×1.5**", "3 **×7**"]
    press(app, "class-2", "class-3")
    assert weighted(app) == ["2 **×2**"]


def test_a_chip_has_a_sample_image_of_its_class(home):
    write_catalogue(home)
    chips = [button.label for button in opened("overview").button if button.key.startswith("class-")]
    assert len(chips) == 10
    assert all(label.startswith("![](data:image/png;base64,") for label in chips)


def test_weights_recolour_the_circles_without_any_training(home):
    write_catalogue(home)
    app = opened("overview")
    before = map_traces(app)["models"]["marker"]["color"]
    after = map_traces(press(app, "class-9"))["models"]["marker"]["color"]
    assert before != after


def test_the_objective_is_kept_on_every_page_and_on_the_way_back(home):
    write_catalogue(home)
    app = press(opened("overview"), "class-2", "class-2")
    for page in ("queue", "drawer", "inspect", "generate", "data", "overview"):
        go(app, page)
        assert weighted(app) == ["2 **×2**"]
        assert address(app)["classes"] == "2x2"


def test_a_cap_in_the_address_is_told_again_in_case_a_run_is_overtaken_and_what_is_typed_is_left_alone(home):
    write_catalogue(home)
    app = opened("overview", cap="1000")
    told = [app.number_input(key="cap-parameters").proto.set_value]
    for _ in range(3):
        told.append(app.run().number_input(key="cap-parameters").proto.set_value)
    assert told == [True, True, True, False]
    app.number_input(key="cap-parameters").set_value(2000).run()
    assert not app.number_input(key="cap-parameters").proto.set_value
    assert address(app)["cap"] == "2000"


def test_clearing_the_objective_lets_all_count_alike(home):
    write_catalogue(home)
    app = press(opened("overview", classes="1", cap="1000"), "objective-clear")
    assert weighted(app) == []
    assert app.number_input(key="cap-parameters").value is None
    assert not address(app)
    assert "objective-clear" not in [button.key for button in app.button]


def test_an_address_is_followed_and_its_malformed_parts_are_said_and_dropped(home):
    write_catalogue(home)
    app = opened("overview", without="conv2d", cap="<b>", x="latency-1")
    assert "is ignored: it must be a plain number." in said(app)
    assert "2 of 6 models" in said(app)
    assert map_traces(app)["models"]["customdata"] == [2, 5]
    assert app.selectbox(key="axis-x").value == "latency-1"
    assert "cap" not in address(app)


def test_a_filter_that_leaves_nothing_teaches_and_can_be_cleared(home):
    write_catalogue(home)
    app = opened("overview", parameters="-1")
    assert said(app).count("No models match the filter.") == 2  # below the map, and where models to start from would be
    assert map_traces(app)["models"]["x"] == []
    app.button(key="filter-clear-empty").click().run()
    assert map_traces(app)["models"]["customdata"] == [1, 2, 3, 4, 5, 6]
    assert "parameters" not in address(app)


def test_ranges_kinds_and_origins_are_typed_and_counted(home):
    write_catalogue(home)
    app = enter(with_filter(opened("overview")), **{"filter-accuracy-low": 60.0})
    assert "5 of 6 models" in said(app)
    with_filter(app).button_group(key="filter-present").set_value(["dense"]).run()
    assert map_traces(app)["models"]["customdata"] == [2, 5, 6]
    with_filter(app).button_group(key="filter-origins").set_value([Origin.ABLATION]).run()
    assert map_traces(app)["models"]["customdata"] == [6]
    assert address(app) == {"accuracy": "0.6-", "with": "dense", "made": "ablation"}


def test_a_range_that_cannot_be_is_said_and_the_present_one_stays(home):
    write_catalogue(home)
    app = enter(with_filter(opened("overview", parameters="-5000")), **{"filter-parameters-low": 9_000.0})
    assert "A range must start at or below its end, but got 9000 to 5000." in said(app)
    assert with_filter(app).number_input(key="filter-parameters-low").value is None
    assert address(app)["parameters"] == "-5000"


def test_axes_are_chosen_and_stand_in_the_address(home):
    write_catalogue(home)
    app = opened("overview")
    app.selectbox(key="axis-y").set_value("class-3").run()
    assert address(app)["y"] == "class-3"
    app.selectbox(key="axis-y").set_value("objective").run()
    assert "y" not in address(app)


def test_without_a_selection_there_are_models_to_start_from_with_what_can_be_done_with_them(home):
    write_catalogue(home)
    app = opened("overview")
    words = said(app)
    assert "**#6** 80.0 % · 10,090 parameters" in words
    assert "Most accurate · Smallest within 2 points of the best" in words
    assert "Knee of the front" in words
    keys = [button.key for button in app.main.button if button.key.startswith("start-")]
    assert keys == [f"start-{way}-{model}" for model in (6, 5) for way in ("ablate", "vary", "inspect")]


def test_the_most_accurate_model_says_how_optimistic_its_accuracy_is_and_leads_to_the_sealed_test(home):
    write_catalogue(home)
    app = opened("overview")
    (sentence,) = [line for line in said(app).splitlines() if "optimistic" in line]
    assert sentence.startswith("The validation accuracy of the best of 6 models is optimistic by less than 0.1 points")
    press(app, "best-sealed-test")
    assert "##### #6 " in said(app)
    assert "Score #6 on the sealed test images?" in said(app)


def test_a_single_model_within_the_cap_was_not_chosen_from_any_others(home):
    write_catalogue(home)
    app = opened("overview")
    population = open_snapshot(DataFolder(home)).population("digits")
    enter(app, cap_parameters=int(min(population.parameters)))
    assert "Most accurate" in said(app)
    assert "optimistic" not in said(app)


@pytest.mark.parametrize(
    ("button", "heading"),
    [("start-ablate-6", "Train 3 ablations"), ("start-vary-6", "variation"), ("start-inspect-6", "##### #6 ")],
)
def test_a_model_to_start_from_is_selected_and_added_to_the_drawer_by_its_buttons(home, button, heading):
    write_catalogue(home)
    app = press(opened("overview"), button)
    session = app.session_state[SESSION]
    assert (session.selected, session.drawer) == (6, [6])
    way = {"way": "vary"} if button.startswith("start-vary") else {}
    assert address(app) == {"model": "6", "drawer": "6", **way}
    assert heading in "\n".join([said(app), *(found.label for found in app.button)])


def test_the_models_to_start_from_are_those_of_the_objective_and_its_caps(home):
    write_catalogue(home)
    app = enter(opened("overview"), cap_parameters=1_300)
    assert "**#2** 60.0 % · 1,210 parameters" in said(app)
    enter(app, cap_parameters=1)
    assert "None of 6 models is within the caps of the objective." in said(app)


def test_the_selected_model_is_shown_with_its_numbers_and_where_to_go_with_it(home):
    write_catalogue(home)
    app = opened("overview", selected=1)
    words = said(app)
    assert "**#1** is selected" in words
    assert "Conv 16x3, ReLU, MaxPool 2, Dense 64" in words
    assert "validation 55.0 %" in words
    press(app, "overview-ablate")
    assert address(app) == {"model": "1", "drawer": "1"}
    assert any(button.key == "generate-train" for button in app.button)


def test_class_names_are_shown_as_typed(home):
    names = ("<b>cat</b>", "*dog*", "![x](http://y)", *"3456789")
    renamed(home, names)
    app = opened("overview", classes="0x2-1")
    assert weighted(app) == ["\\<b\\>cat\\</b\\> **×2**", "\\*dog\\* **×1**"]
    assert chip(app, 2) == "!\\[x\\](http\\://y)"


def test_a_class_name_too_long_for_a_chip_is_cut_and_told_in_full_when_hovered(home):
    name = "a very long name of a class indeed"
    renamed(home, (name, *"123456789"))
    app = opened("overview")
    assert chip(app, 0) == "a very long name of a c…"
    assert app.button(key="class-0").help == name


def test_of_a_hundred_classes_only_those_that_count_have_a_chip(home):
    renamed(home, tuple(f"class {number}" for number in range(100)))
    app = opened("overview")
    assert not [button for button in app.button if button.key.startswith("class-")]
    app.multiselect(key="objective-classes").set_value([7, 99]).run()
    press(app, "class-99", "class-99")
    assert weighted(app) == ["class 7 **×1**", "class 99 **×3**"]
    press(app, "class-99")
    assert weighted(app) == ["class 7 **×1**"]
    assert app.multiselect(key="objective-classes").value == [7]


def test_a_view_of_a_class_that_the_data_set_no_longer_has_gives_way(home):
    write_catalogue(home)
    app = opened("overview", classes="9", y="class-9")
    folder = DataFolder(home)
    store = CatalogueStore.open(folder)
    store.register_dataset(replace(CARD, class_names=tuple("01234567"), examples=CARD.examples[:8]))
    Publisher(store, folder).publish()
    store.close()
    app.run()
    assert "classes are numbered from 0 to 7" in said(app)
    assert weighted(app) == []


@pytest.mark.parametrize("query", [{"classes": "1x0"}, {"x": "parameters", "y": "objective"}])
def test_an_address_that_says_how_one_starts_is_shortened(home, query):
    write_catalogue(home)
    app = opened("overview", **query)
    assert not address(app)


def test_a_link_that_names_a_model_selects_it_and_one_that_names_nonsense_selects_nothing(home):
    write_catalogue(home)
    assert "**#3** is selected" in said(opened("overview", model="3"))
    for nonsense, sentence in (("no number", "A model is named by its number"), ("9999", "9999")):
        app = opened("overview", model=nonsense)
        assert "is selected" not in said(app)
        assert sentence in app.main.warning[0].value
        assert "model" not in address(app)


def test_models_of_an_older_recipe_are_marked_and_their_front_is_trained_by_todays(home):
    folder = write_catalogue(home)
    app = opened("overview")
    assert "These models were trained with the recipe paper; the default is now quick." in said(app)
    press(app, "train-front")
    ((_, command, _),) = Inbox(folder).pending()
    assert {proposal.config.recipe for proposal in command.proposals} == {QUICK}
    assert {proposal.architecture.fingerprint for proposal in command.proposals} <= {
        trial.architecture.fingerprint for trial in open_snapshot(folder).trials(range(1, 7))
    }


def test_models_of_todays_recipe_are_not_marked(home, monkeypatch):
    monkeypatch.setenv("REMAP_RECIPE", "paper")
    write_catalogue(home)
    assert "the default is now" not in said(opened("overview"))


def test_the_offer_to_train_the_front_ends_once_it_was_taken(home):
    folder = write_catalogue(home)
    press(opened("overview"), "train-front")
    ((_, command, _),) = Inbox(folder).pending()
    changed(folder.home, lambda store: store.enqueue(command.proposals, 300.0))
    assert "the default is now" not in said(opened("overview"))


def test_the_offer_to_train_the_front_is_made_once_for_a_catalogue(home, monkeypatch):
    write_catalogue(home)
    made, make = [], newer_recipe.propose_again
    monkeypatch.setattr(newer_recipe, "propose_again", lambda *given: made.append(1) or make(*given))
    opened("overview").run()
    opened("overview")
    assert len(made) == 1


def test_models_of_several_recipes_can_be_filtered_by_recipe(home):
    folder = write_catalogue(home)
    assert "filter-recipes" not in keys_of(with_filter(opened("overview")))
    changed(folder.home, retrained)
    app = with_filter(opened("overview"))
    app.button_group(key="filter-recipes").set_value(["quick"]).run()
    assert "1 of 7 models" in said(app)
    assert address(app)["recipe"] == "quick"


def keys_of(app) -> set[str]:
    return {group.key for group in app.get("button_group")}


def retrained(store) -> None:
    """The first model, trained by another recipe."""
    asked = store.trial(1).proposal
    (trial,) = store.enqueue([replace(asked, config=replace(asked.config, recipe=QUICK))], 200.0)
    store.claim(201.0)
    store.record_epoch(trial, epoch(2))
    store.complete(trial, evaluation(15), 203.0)


def test_a_chosen_target_is_in_the_url_says_its_room_and_leaves_with_clear(home):
    write_catalogue(home)
    app = opened("overview")
    app.selectbox(key="target").set_value("arduino-nano-33-ble").run()
    assert not app.exception
    assert address(app)["target"] == "arduino-nano-33-ble"
    assert "Room for 192 KB of RAM and 832 KB of flash in int8; 6 of 6 models fit." in said(app)
    press(app, "objective-clear")
    assert "target" not in address(app)
    assert app.selectbox(key="target").value == ""


def test_a_device_of_ones_own_is_typed_and_stays_in_the_link(home):
    write_catalogue(home)
    app = opened("overview")
    type_into(app.selectbox(key="target"), "80/200").run()
    assert address(app)["target"] == "80-200"
    assert "Room for 16 KB of RAM and 8 KB of flash in int8; " in said(app)
    again = opened("overview", target="80-200")
    choice = again.selectbox(key="target")
    assert (choice.value, choice.options[choice.index]) == ("80-200", "80 KB RAM, 200 KB flash")


def test_a_typed_device_that_is_none_is_one_sentence_and_the_last_one_stays(home):
    write_catalogue(home)
    app = opened("overview", target="browser")
    type_into(app.selectbox(key="target"), "8/16").run()
    assert not app.exception
    assert "more than 64 KB of RAM and 192 KB of flash" in said(app)
    assert address(app)["target"] == "browser"
    assert app.selectbox(key="target").value == "browser"


def test_an_unknown_target_in_the_url_is_ignored_with_the_known_ones(home):
    write_catalogue(home)
    app = opened("overview", target="toaster")
    assert "?target=toaster is ignored: the target must be one of arduino-nano-33-ble, esp32-s3" in said(app)


def test_a_target_too_small_for_these_images_is_one_sentence(home):
    large = replace(CARD, input_shape=(3, 512, 512))
    write_catalogue(home, card=large)
    app = opened("overview", target="esp32-s3")
    assert "No network for images of 3 x 512 x 512 fits ESP32-S3: the smallest one needs 768 KB of RAM" in said(app)
