"""The data page, run by Streamlit's own test runner."""

import time

import pytest
from apps import opened, said, sign_in, type_into
from catalogues import write_catalogue
from photos import photo_file, write_photos

from remap_core.access.roles import Role
from remap_core.data_folder.folder import DataFolder
from remap_core.data_folder.inbox import Inbox
from remap_core.datasets.kept import find_kept
from remap_core.datasets.preparation.intake import add
from remap_core.datasets.recipe import Choices
from remap_core.services.data.data_jobs import JobState, data_jobs, start_job, state_of, stop
from remap_core.space.caps import Cost
from remap_core.trials.commands import AddedDataset, Enqueue, RemoveDataset
from remap_core.ui.session import SESSION
from remap_core.views.targets import TARGETS


@pytest.fixture
def trees(home, tmp_path):
    """A data folder with models of digits, and trees that were added."""
    write_catalogue(home, waiting=2)
    return add(write_photos(tmp_path / "trees.zip", per_class=10), "trees", Choices(side=16), home)


def prepared(home, source, choices=None):
    """A job on a source that has ended."""
    folder = DataFolder(home)
    job = start_job(folder, str(source), source.name, choices or Choices(side=16), 100.0)
    for _ in range(600):
        if state_of(job) is not JobState.RUNNING:
            return job
        time.sleep(0.1)
    raise AssertionError("the job does not end")


def with_space(app, name):
    """The page with a data set's search space open: it is not drawn before."""
    app.session_state[f"space-{name}-panel"] = True
    return app.run()


def labels(app):
    return [button.label for button in app.button]


def html(app):
    return "\n".join(element.proto.body for element in app.get("html"))


def test_an_empty_data_folder_offers_to_add_images(home):
    app = opened("data")
    assert not app.error
    assert "None yet. Add your own images below." in said(app)
    assert "Up to 1,000 MB a file." in said(app)


def test_every_data_set_has_a_row_with_its_numbers(trees):
    words = said(opened("data"))
    assert "**digits** :primary-badge[shown]" in words
    assert "100 images · 10 classes · 8 x 8, grey" in words
    assert "6 trainings complete, 2 waiting, best 52.0 %" in words
    assert "**trees**" in words
    assert "28 images · 3 classes · 16 x 16, colour" in words


def test_switching_shows_the_other_data_set_on_every_page(trees):
    app = opened("data")
    app.button(key="data-switch-1").click().run()
    assert app.session_state[SESSION].dataset == trees.name
    app.switch_page("pages/overview.py").run()
    assert "trees has no models yet." in said(app)
    assert app.query_params["dataset"] == trees.name


def test_what_was_done_to_an_added_data_set_can_be_read(trees):
    app = opened("data")
    app.button(key="data-report-1").click().run()
    words = said(app)
    assert not app.exception
    assert "What was done: trees" in app.subheader[0].value
    assert "A nearest-mean classifier gets" in words
    assert "chosen values · 16 x 16 · colour" in words
    assert html(app).count("as the network sees it") >= 3 * 8
    app.button(key="data-report-close").click().run()
    assert "What was done" not in said(app)


def test_removing_asks_and_says_what_goes_with_it(home, trees):
    app = opened("data")
    app.button(key="data-remove-0").click().run()
    words = said(app)
    assert "- 6 models with weights and results" in words
    assert "- 2 trainings waiting or running" in words
    assert Inbox(DataFolder(home)).pending() == []
    app.button(key="data-remove-confirmed").click().run()
    ((_, command, _),) = Inbox(DataFolder(home)).pending()
    assert command == RemoveDataset("digits")


def test_removing_an_added_data_set_deletes_its_prepared_images(home, trees, tmp_path):
    app = opened("data")
    app.button(key="data-remove-1").click().run()
    assert f"- {trees.bytes / 1e6:,.1f} MB of prepared images" in said(app)
    app.button(key="data-remove-confirmed").click().run()
    assert find_kept("trees", home) is None
    assert (tmp_path / "trees.zip").exists()
    assert "trees" not in said(app)


def test_not_removing_changes_nothing(home, trees):
    app = opened("data")
    app.button(key="data-remove-1").click().run()
    app.button(key="data-remove-not").click().run()
    assert find_kept("trees", home) == trees


def test_what_was_prepared_is_reported_with_pictures_and_proposed_choices(home, tmp_path):
    job = prepared(home, write_photos(tmp_path / "trees.zip"))
    app = opened("data")
    assert not app.exception
    assert {metric.label: metric.value for metric in app.metric} == {
        "Images": "58",
        "Classes": "3",
        "Size": "16 x 16 colour",
        "Train / validation / test": "41 / 9 / 8",
        "Skipped files": "2",
    }
    assert "2 unreadable files skipped." in said(app)
    assert html(app).count(", original'") == 3 * 8
    assert app.number_input(key=f"data-side-{job.ident}-1").value == 16
    assert app.text_input(key=f"data-name-{job.ident}").value == "trees"
    assert "a rough guess for 2 cores without a GPU" in said(app)


def test_adding_and_training_keeps_it_and_sends_its_first_models(home, tmp_path, monkeypatch):
    monkeypatch.setenv("REMAP_POPULATION", "3")
    prepared(home, write_photos(tmp_path / "trees.zip"))
    app = opened("data")
    assert "Add and train 3 models" in labels(app)
    assert app.button(key="data-add-start").disabled
    app.checkbox[0].check().run()
    app.button(key="data-add-start").click().run()
    assert not app.exception
    kept = find_kept("trees", home)
    ((_, command, _),) = Inbox(DataFolder(home)).pending()
    assert isinstance(command, Enqueue)
    assert [proposal.dataset for proposal in command.proposals] == [kept.name] * 3
    assert data_jobs(DataFolder(home)) == []
    assert app.session_state[SESSION].page == "overview"
    assert "The first models of trees are being sampled." in said(app)


def test_adding_alone_trains_nothing(home, tmp_path):
    prepared(home, write_photos(tmp_path / "trees.zip"))
    app = opened("data")
    app.checkbox[0].check().run()
    app.button(key="data-add").click().run()
    assert find_kept("trees", home)
    assert Inbox(DataFolder(home)).pending() == []
    assert "**trees** :primary-badge[shown]" in said(app)


def test_where_people_sign_in_who_added_a_data_set_is_recorded(home, tmp_path, monkeypatch):
    sign_in(monkeypatch, "ada@example.org", Role.ADMIN)
    prepared(home, write_photos(tmp_path / "trees.zip"))
    app = opened("data")
    app.checkbox[0].check().run()
    app.button(key="data-add").click().run()
    ((_, command, sender),) = Inbox(DataFolder(home)).pending()
    assert (command, sender.name) == (AddedDataset(find_kept("trees", home).name), "ada@example.org")


def test_the_first_models_are_sampled_from_the_space_that_is_chosen(home, trees):
    key = f"space-{trees.name}"
    app = with_space(opened("data"), trees.name)
    choice = app.selectbox(key=f"{key}-select")
    assert (choice.value, choice.options[choice.index]) == ("residual", "residual (fits these images)")
    caps = "Each sampled model has at most 1,000,000 parameters (REMAP_MAX_PARAMETERS); 30,000,000 multiply-adds, "
    assert caps in said(app)
    choice.set_value("mobile").run()
    with_space(app, trees.name)
    assert app.selectbox(key=f"{key}-select").value == "mobile"
    (chart,) = (chart for chart in app.get("plotly_chart") if "mobile" in (chart.key or ""))
    assert "MBConv" in chart.proto.spec
    app.button(key="data-start-1").click().run()
    ((_, command, _),) = Inbox(DataFolder(home)).pending()
    assert {proposal.space for proposal in command.proposals} == {"mobile"}
    assert {cap.cost for cap in command.caps} == set(Cost) - {Cost.FLASH_INT8, Cost.FLASH_FLOAT}  # of targets alone


def test_the_first_models_fit_the_target_that_is_chosen(home, trees):
    key = f"space-{trees.name}"
    app = with_space(opened("data"), trees.name)
    app.selectbox(key=f"{key}-target-list").set_value("raspberry-pi-pico").run()
    with_space(app, trees.name)
    assert "200 KB of activations, 1,856 KB of flash in int8 (Raspberry Pi Pico)" in said(app)
    app.button(key="data-start-1").click().run()
    ((_, command, _),) = Inbox(DataFolder(home)).pending()
    pico = TARGETS["raspberry-pi-pico"]
    assert set(pico.caps) <= set(command.caps)
    assert all(pico.has_room(proposal.architecture) for proposal in command.proposals)


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [("8/16", "more than 64 KB of RAM"), ("toaster", "must be one of")],
)
def test_a_typed_target_of_the_first_models_that_is_none_is_one_sentence(home, trees, typed, sentence):
    key = f"space-{trees.name}"
    app = with_space(opened("data"), trees.name)
    type_into(app.selectbox(key=f"{key}-target-list"), typed).run()
    assert sentence in said(app)
    assert not app.exception


def test_a_data_set_says_which_space_its_models_were_sampled_from(home):
    write_catalogue(home, space="mobile")
    app = with_space(opened("data"), "digits")
    assert "**mobile**: 12 steps, 122 layers to choose from, no caps." in said(app)


def test_what_was_sampled_from_a_file_that_is_gone_says_so(home):
    write_catalogue(home, space="mine")
    app = with_space(opened("data"), "digits")
    assert "**mine**: REMAP_SPACE names its file no more. What was sampled stays as it is." in said(app)
    assert not app.exception


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("trees", "There is already a data set trees: choose another name"),
        ("digits", "digits is the name of a data set that is built in"),
        ("a/b", "The name of a data set must have 1 to 60 letters"),
        ("", "The name of a data set must have 1 to 60 letters"),
        ("x" * 10_000, "The name of a data set must have 1 to 60 letters"),
    ],
)
def test_a_name_that_cannot_be_used_is_refused_in_a_sentence_and_nothing_is_lost(home, trees, tmp_path, name, sentence):
    job = prepared(home, write_photos(tmp_path / "other.zip", per_class=12))
    app = opened("data")
    app.checkbox[0].check()
    app.text_input(key=f"data-name-{job.ident}").set_value(name).run()
    app.button(key="data-add").click().run()
    assert sentence in app.error[0].value
    assert state_of(job) is JobState.READY


def test_changed_choices_are_prepared_again_and_only_then(home, tmp_path):
    job = prepared(home, write_photos(tmp_path / "trees.zip"))
    app = opened("data")
    assert "Prepare again" not in labels(app)
    app.number_input(key=f"data-side-{job.ident}-1").set_value(24).run()
    assert app.button(key="data-add-start").disabled
    app.button(key="data-again").click().run()
    (again,) = data_jobs(DataFolder(home))
    assert (again.attempt, again.choices.side) == (2, 24)
    stop(again)


def test_a_class_of_which_many_files_are_damaged_is_a_question_to_answer_first(home, tmp_path):
    prepared(home, write_photos(tmp_path / "trees.zip"))
    app = opened("data")
    (question,) = app.checkbox
    assert question.label == "10.0 % of the files of beech are damaged: go on without them?"
    assert question.label not in said(app)
    assert app.button(key="data-add").disabled
    question.check().run()
    assert not app.button(key="data-add").disabled


def test_an_augmentation_is_drawn_on_samples(home, tmp_path):
    job = prepared(home, write_photos(tmp_path / "trees.zip"))
    app = opened("data")
    app.button_group(key=f"data-augmentation-{job.ident}-1").set_value(["flip"]).run()
    assert html(app).count("alt='flip on a sample") == 6
    assert "Prepare again" in labels(app)


def test_other_columns_of_a_label_table_can_be_chosen(home, tmp_path):
    job = prepared(home, write_table(tmp_path / "table"))
    app = opened("data")
    column = app.selectbox(key=f"data-label-column-{job.ident}-1")
    assert column.options == ["file", "kind", "season"]
    (other,) = {"kind", "season"} - {column.value}
    column.set_value(other).run()
    app.button(key="data-again").click().run()
    (again,) = data_jobs(DataFolder(home))
    assert again.choices.label_column == other
    stop(again)


def test_a_table_with_two_columns_that_could_be_the_class_asks_which_one(home, tmp_path):
    job = prepared(home, write_table(tmp_path / "table", "crown,bark"))
    app = opened("data")
    assert "2 columns that could be the class: crown, bark." in app.error[0].value
    app.selectbox(key=f"data-label-column-{job.ident}").set_value("crown").run()
    app.button(key="data-columns").click().run()
    (again,) = data_jobs(DataFolder(home))
    assert (again.choices.file_column, again.choices.label_column) == ("file", "crown")
    stop(again)


def write_table(folder, columns="kind,season"):
    """A folder of photos with a table that has two columns of classes."""
    folder.mkdir()
    rows = [f"file,{columns}"]
    for number in range(24):
        file, content = photo_file("maple" if number % 2 else "plum", number)
        (folder / file).write_bytes(content)
        rows.append(f"{file},{'ab'[number % 2]},{'xy'[number // 2 % 2]}")
    (folder / "labels.csv").write_text("\n".join(rows))
    return folder


def test_a_source_that_cannot_be_used_says_why_and_can_be_discarded(home, tmp_path):
    (tmp_path / "empty").mkdir()
    prepared(home, tmp_path / "empty")
    app = opened("data")
    (error,) = [error.value for error in app.error]
    assert error.startswith("empty: ")
    app.button(key="data-discard").click().run()
    assert data_jobs(DataFolder(home)) == []


def test_an_interrupted_preparation_can_be_resumed(home, tmp_path):
    job = prepared(home, write_photos(tmp_path / "trees.zip"))
    job.outcome.unlink()
    while state_of(job) is JobState.RUNNING:  # its process writes the outcome before it ends
        time.sleep(0.1)
    app = opened("data")
    assert "It resumes where it stopped." in said(app)
    app.button(key="data-resume").click().run()
    assert state_of(job) is not JobState.INTERRUPTED
    stop(job)


def test_several_preparations_stand_side_by_side(home, tmp_path):
    first = prepared(home, write_photos(tmp_path / "trees.zip"))
    second = prepared(home, write_photos(tmp_path / "<b>woods.zip", per_class=12))
    app = opened("data")
    app.button_group(key="data-job").set_value(first.ident).run()
    assert app.text_input(key=f"data-name-{first.ident}").value == "trees"
    app.button_group(key="data-job").set_value(second.ident).run()
    assert app.text_input(key=f"data-name-{second.ident}").value == "b-woods"


def test_dropped_files_become_one_source_that_is_prepared(home):
    app = opened("data")
    files = [photo_file(name, number) for name in ("maple", "plum") for number in range(8)]
    named = [(f"{('maple', 'plum')[place // 8]}.{file}", content) for place, (file, content) in enumerate(files)]
    app.file_uploader[0].set_value([(name, content, "image/jpeg") for name, content in named]).run()
    assert not app.exception
    (job,) = data_jobs(DataFolder(home))
    assert job.title == "images"
    stop(job)


def test_a_link_that_leaves_the_allowed_folder_is_refused(home, tmp_path, monkeypatch):
    root = tmp_path / "srv"
    root.mkdir()
    (tmp_path / "secret").mkdir()
    (root / "link").symlink_to(tmp_path / "secret")
    monkeypatch.setenv("REMAP_DATA_ROOT", str(root))
    app = opened("data")
    app.button_group(key="data-way").set_value("A path on the server").run()
    app.selectbox(key="data-path").set_value("link").run()
    app.button(key="data-path-start").click().run()
    assert "A path must be below" in app.error[0].value
    assert data_jobs(DataFolder(home)) == []


def test_without_an_allowed_folder_no_path_can_be_typed(home):
    (ways,) = [group for group in opened("data").button_group if group.key == "data-way"]
    assert "A path on the server" not in ways.options


def test_a_published_data_set_is_used_as_it_is(home, monkeypatch):
    monkeypatch.setenv("REMAP_POPULATION", "2")
    app = opened("data")
    app.button_group(key="data-way").set_value("A published data set").run()
    app.selectbox(key="data-name").set_value("digits").run()
    app.button(key="data-name-start").click().run()
    (job,) = data_jobs(DataFolder(home))
    for _ in range(300):
        if state_of(job) is JobState.READY:
            break
        time.sleep(0.1)
    app.run()
    assert "1,797 images · 10 classes" in said(app)
    app.button(key="data-published-start").click().run()
    ((_, command, _),) = Inbox(DataFolder(home)).pending()
    assert [proposal.dataset for proposal in command.proposals] == ["digits"] * 2


def test_the_first_models_keep_to_a_cap_that_was_chosen_for_them(home, trees):
    app = with_space(opened("data"), trees.name)
    field = app.number_input(key=f"space-{trees.name}-cap-parameters")
    assert field.proto.placeholder == "1,000,000 parameters"
    field.set_value(20_000).run()
    assert "20,000 parameters (chosen here)" in said(app)
    app.button(key="data-start-1").click().run()
    ((_, command, _),) = Inbox(DataFolder(home)).pending()
    assert max(proposal.architecture.parameters for proposal in command.proposals) <= 20_000


def test_a_cap_that_is_emptied_leaves_the_default(home, trees):
    app = with_space(opened("data"), trees.name)
    key = f"space-{trees.name}-cap-multiply-adds"
    assert app.number_input(key=key).proto.placeholder == "30,000,000 multiply-adds"
    app.number_input(key=key).set_value(2).run()
    assert "2,000,000 multiply-adds (chosen here)" in said(app)
    app.number_input(key=key).set_value(None).run()
    assert "30,000,000 multiply-adds, 512 KB of activations" in said(app)


def test_a_cap_that_nothing_keeps_to_is_named(home, trees):
    app = with_space(opened("data"), trees.name)
    app.number_input(key=f"space-{trees.name}-cap-multiply-adds").set_value(0.001).run()
    app.button(key="data-start-1").click().run()
    assert "8,000 had more than 1,000 multiply-adds (chosen here)" in said(app)
