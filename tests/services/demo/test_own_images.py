"""Images of a demo's visitors: their limits, and how they are forgotten."""

import io
import os
import time
import zipfile
from types import SimpleNamespace

import pytest
from photos import write_photos

from remap_core.data_folder.folder import DataFolder
from remap_core.data_folder.inbox import Inbox
from remap_core.datasets.kept import kept_datasets
from remap_core.datasets.naming import owned_title, owner_of
from remap_core.datasets.preparation.intake import add
from remap_core.datasets.recipe import Choices
from remap_core.errors import DatasetError
from remap_core.services.data import job_process
from remap_core.services.data.data_jobs import JobState, data_jobs, find_job, read_outcome, start_job, state_of
from remap_core.services.data.uploads import save_upload
from remap_core.services.demo import own_images
from remap_core.services.demo.own_images import Forgetting, adding, forget_old, has_images
from remap_core.trials.commands import RemoveDataset

ADA, BOB = "visitor-aaaaaaaa", "visitor-bbbbbbbb"
NOW = 1_777_636_800.0
HOUR = 3600


@pytest.fixture
def folder(tmp_path):
    return DataFolder(tmp_path / "home")


@pytest.fixture
def jobs_that_run(monkeypatch):
    """The ids of jobs whose process is said to run; none is started."""
    running = set()
    monkeypatch.setattr("remap_core.services.data.data_jobs.resume", lambda _folder, _job: None)
    monkeypatch.setattr(
        own_images, "state_of", lambda job: JobState.RUNNING if job.ident in running else JobState.READY
    )
    return running


def upload(folder, visitor, content=b"x", now=NOW, name="one.png"):
    with adding(folder, visitor, len(content)):
        source = save_upload(folder, [(name, io.BytesIO(content))], now)
        return start_job(folder, str(source), name, Choices(), now, owner=visitor)


def keep_one(folder, tmp_path, visitor, added=NOW):
    """A data set of a visitor's, as it is after they have added it."""
    archive = tmp_path / "trees.zip"
    source = save_upload(
        folder, [("trees.zip", io.BytesIO(write_photos(archive, damaged=0, per_class=8).read_bytes()))], added
    )
    kept = add(source, owned_title("trees", visitor), Choices(side=16), folder.home)
    os.utime(kept.folder / "dataset.json", (added, added))
    return kept


def test_a_name_says_whose_a_data_set_is(folder, tmp_path):
    kept = keep_one(folder, tmp_path, ADA)
    assert (owner_of(kept.name), owner_of(f"{kept.name}#100"), owner_of(f"{kept.name}%1of4")) == (ADA, ADA, ADA)
    assert owner_of("trees of visitor-aaaaaaaa of visitor-bbbbbbbb@1f3a9c2e0b7d") == BOB
    assert (has_images(folder, ADA), has_images(folder, BOB)) == (True, False)


def test_the_same_images_of_two_visitors_are_two_data_sets(folder, tmp_path):
    assert keep_one(folder, tmp_path, ADA).name != keep_one(folder, tmp_path, BOB).name


def test_a_visitor_has_one_data_set_at_a_time(folder, jobs_that_run):
    upload(folder, ADA)
    with pytest.raises(DatasetError, match="One data set of your own at a time: remove or discard the other one first"):
        upload(folder, ADA)
    upload(folder, BOB)


def test_a_kept_data_set_counts_as_well(folder, tmp_path, jobs_that_run):
    keep_one(folder, tmp_path, ADA)
    with pytest.raises(DatasetError, match="One data set of your own at a time"):
        upload(folder, ADA)


def test_too_many_bytes_at_once_are_refused_unsaved(folder, jobs_that_run):
    for _ in range(10):
        with pytest.raises(DatasetError, match=r"In a demo, at most 20 MB are taken at once, but these are 20\.5\."):
            upload(folder, ADA, bytes(20_500_000))
    assert not (folder.datasets / "uploads").exists()


def test_the_images_of_all_visitors_have_a_limit(folder, jobs_that_run, monkeypatch):
    monkeypatch.setattr(own_images, "MAX_TOTAL_MEGABYTES", 1)
    upload(folder, ADA, bytes(700_000))
    with pytest.raises(
        DatasetError, match="The images of all visitors may take 1 MB, and 1 are taken: try again within"
    ):
        upload(folder, BOB, bytes(700_000))


def test_the_number_of_all_visitors_data_sets_has_a_limit(folder, jobs_that_run, monkeypatch):
    monkeypatch.setattr(own_images, "MAX_DATASETS", 2)
    upload(folder, ADA)
    upload(folder, BOB)
    with pytest.raises(DatasetError, match="There are 2 data sets of visitors, as many as may be"):
        upload(folder, "visitor-cccccccc")


def test_of_fifty_visitors_at_once_one_is_served_and_the_others_read_why_not(folder, jobs_that_run):
    jobs_that_run.add(upload(folder, ADA).ident)
    for number in range(49):
        with pytest.raises(DatasetError, match="Images of one visitor are prepared at a time, and some are now"):
            upload(folder, f"visitor-{number:08x}")
    assert len(data_jobs(folder)) == 1


def test_nobody_elses_images_are_bounded(folder, jobs_that_run):
    for _ in range(3):
        upload(folder, "", bytes(25_000_000))
    assert len(data_jobs(folder)) == 3


def test_images_are_forgotten_an_hour_after_they_were_added(folder, tmp_path):
    kept = keep_one(folder, tmp_path, ADA)
    forget_old(folder, [kept.name], NOW + HOUR - 1)
    assert kept_datasets(folder.home)
    forget_old(folder, [kept.name], NOW + HOUR)
    assert kept_datasets(folder.home) == []
    assert list((folder.datasets / "uploads").iterdir()) == []
    ((_, command, sender),) = Inbox(folder).pending()
    assert (command, sender.is_local) == (RemoveDataset(kept.name), True)


def test_a_data_set_of_everybody_stays(folder, tmp_path):
    add(write_photos(tmp_path / "trees.zip", per_class=8, damaged=0), "trees", Choices(side=16), folder.home)
    forget_old(folder, [], time.time() + 9 * HOUR)
    assert len(kept_datasets(folder.home)) == 1


def test_what_was_only_uploaded_or_prepared_is_forgotten_too(folder, jobs_that_run):
    upload(folder, ADA)
    save_upload(folder, [("left.png", io.BytesIO(b"x"))], NOW)
    forget_old(folder, [], NOW + HOUR)
    assert data_jobs(folder) == []
    assert list((folder.datasets / "uploads").iterdir()) == []


def test_models_whose_images_are_gone_are_forgotten_after_a_crash(folder):
    name = f"{owned_title('trees', ADA)}@1f3a9c2e0b7d"
    forget_old(folder, ["digits", name], NOW)
    ((_, command, _),) = Inbox(folder).pending()
    assert command == RemoveDataset(name)


def test_the_trainer_looks_every_few_seconds(folder, tmp_path):
    kept = keep_one(folder, tmp_path, ADA)
    moments = iter([NOW + HOUR - 5, NOW + HOUR + 5, NOW + HOUR + 16])
    forgetting = Forgetting(folder, SimpleNamespace(dataset_names=lambda: [kept.name]), lambda: next(moments))
    forgetting.tick()
    forgetting.tick()
    assert kept_datasets(folder.home), "it has looked just now"
    forgetting.tick()
    assert kept_datasets(folder.home) == []


@pytest.fixture
def prepare(folder, monkeypatch):
    """What comes of preparing a visitor's file in this process, whose own limits stay as they are."""
    monkeypatch.setattr("remap_core.services.data.data_jobs.resume", lambda _folder, _job: None)
    monkeypatch.setattr(job_process.resource, "setrlimit", lambda _limit, _values: None)

    def run(name, content):
        job = upload(folder, ADA, content, name=name)
        job_process.run(folder, find_job(folder, job.ident))
        return read_outcome(job).problem

    return run


def photos(tmp_path, per_class=8):
    return write_photos(tmp_path / "trees.zip", per_class=per_class, damaged=0).read_bytes()


def test_small_images_are_prepared(prepare, tmp_path):
    assert prepare("trees.zip", photos(tmp_path)) == ""


def test_too_many_images_are_refused(prepare, tmp_path, monkeypatch):
    monkeypatch.setattr(own_images, "MAX_IMAGES", 10)
    problem = prepare("trees.zip", photos(tmp_path))
    assert problem.endswith("trees.zip: In a demo, a data set has at most 10 images, but got 24.")


def test_an_archive_that_unpacks_to_too_much_is_refused(prepare, tmp_path, monkeypatch):
    monkeypatch.setattr(own_images, "MAX_TOTAL_MEGABYTES", 0.3)
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as opened:
        for number in range(40):
            opened.writestr(f"trees/{number % 2}/{number}.png", bytes(100_000))
    assert prepare("trees.zip", archive.getvalue()) == (
        "In a demo, images may take 0.3 MB unpacked and prepared, and these take more."
    )


def test_images_that_need_too_much_memory_are_one_sentence(folder, prepare, monkeypatch, tmp_path):
    def run_out(*_arguments):
        raise MemoryError

    monkeypatch.setattr(job_process, "prepare", run_out)
    assert prepare("trees.zip", b"x") == "There is not enough memory to prepare these images: use smaller ones."


@pytest.mark.timeout(120)
def test_a_process_with_little_memory_prepares_a_visitors_images(folder, tmp_path):
    job = upload(folder, ADA, photos(tmp_path), now=time.time(), name="trees.zip")
    while state_of(job) is JobState.RUNNING:
        time.sleep(0.1)
    assert (state_of(job), read_outcome(job).problem) == (JobState.READY, "")
