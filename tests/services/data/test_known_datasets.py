"""The data sets of a data folder, their first models, and what goes with one that is removed."""

import pytest
from catalogues import changed, write_catalogue
from photos import write_photos

from remap_core.access.person import NOBODY
from remap_core.catalogue.snapshot import open_snapshot
from remap_core.data_folder.folder import DataFolder
from remap_core.data_folder.inbox import Inbox
from remap_core.datasets.preparation.corrected import keep_corrected
from remap_core.datasets.preparation.corrections import Corrections
from remap_core.datasets.preparation.intake import add
from remap_core.datasets.recipe import Choices
from remap_core.errors import NotFound
from remap_core.services.data.known_datasets import (
    KnownDataset,
    card_of,
    find_dataset,
    first_population,
    known_datasets,
    removal_of,
    remove_dataset,
)
from remap_core.services.data.uploads import save_upload
from remap_core.settings import Settings
from remap_core.trials.annotations import Annotation
from remap_core.trials.commands import RemoveDataset
from remap_core.trials.trial import Origin


@pytest.fixture
def home(tmp_path):
    write_catalogue(tmp_path / "home", waiting=2, failed=1)
    return tmp_path / "home"


@pytest.fixture
def trees(home, tmp_path):
    return add(write_photos(tmp_path / "trees.zip", per_class=10, damaged=0), "trees", Choices(side=16), home)


def test_those_with_models_come_first(home, trees):
    known = known_datasets(open_snapshot(DataFolder(home)), home)
    assert [(found.title, found.is_trained, found.kept is not None) for found in known] == [
        ("digits", True, False),
        ("trees", False, True),
    ]
    assert [found.name for found in known_datasets(None, home)] == [trees.name]


def test_what_goes_with_a_data_set_is_said_in_numbers(home, trees):
    catalogue = changed(home, lambda store: store.annotate(2, Annotation("look at this")))
    digits = removal_of(KnownDataset("digits", None, is_trained=True), catalogue, DataFolder(home))
    assert digits.sentences == [
        "6 models with weights and results",
        "2 trainings waiting or running",
        "1 training failed, cancelled or pruned",
        "the notes and tags of 1 model",
    ]
    added = removal_of(KnownDataset(trees.name, trees, is_trained=False), catalogue, DataFolder(home))
    assert added.sentences == [f"{trees.bytes / 1e6:,.1f} MB of prepared images"]


def test_removing_tells_the_trainer_and_deletes_the_prepared_images_alone(home, trees, tmp_path):
    folder = DataFolder(home)
    assert remove_dataset(KnownDataset(trees.name, trees, is_trained=True), folder, 100.0, NOBODY)
    assert [command for _, command, _ in Inbox(folder).pending()] == [RemoveDataset(trees.name)]
    assert not trees.folder.exists()
    assert (tmp_path / "trees.zip").exists()


def test_the_trainer_is_not_told_of_what_it_never_knew(home, trees):
    folder = DataFolder(home)
    assert remove_dataset(KnownDataset(trees.name, trees, is_trained=False), folder, 100.0, NOBODY) is None
    assert Inbox(folder).pending() == []


def test_the_first_models_are_sampled_for_the_data_set_in_a_batch_of_its_own(home, trees):
    settings = Settings(population=3, epochs=2)
    catalogue = open_snapshot(DataFolder(home))
    command = first_population(settings, card_of(trees.name, home), catalogue)
    assert {(p.dataset, p.origin, p.architecture.input_shape, p.architecture.classes) for p in command.proposals} == {
        (trees.name, Origin.INITIAL, (3, 16, 16), 3)
    }
    (batch,) = {proposal.batch for proposal in command.proposals}
    assert batch.startswith("initial models of trees, ")


def test_first_models_are_none_that_are_known(home):
    catalogue = open_snapshot(DataFolder(home))
    command = first_population(Settings(population=3), catalogue.dataset("digits"), catalogue)
    known = catalogue.fingerprints("digits")
    assert not known.keys() & {proposal.architecture.fingerprint for proposal in command.proposals}


def test_a_removed_data_set_is_gone_from_the_catalogue(home):
    catalogue = changed(home, lambda store: store.remove_dataset("digits"))
    assert (catalogue.datasets(), catalogue.queue()) == ([], [])
    with pytest.raises(NotFound):
        catalogue.dataset("digits")


def test_the_queue_of_one_data_set_has_only_its_trials(home):
    catalogue = open_snapshot(DataFolder(home))
    assert catalogue.queue(3, "digits") == catalogue.queue(3)
    assert catalogue.queue(3, "another") == []


def test_what_was_uploaded_stays_with_its_data_set_and_goes_with_it(home, tmp_path):
    folder = DataFolder(home)
    with write_photos(tmp_path / "trees.zip", per_class=10, damaged=0).open("rb") as content:
        upload = save_upload(folder, [("trees.zip", content)], 100.0)
    kept = add(upload, "trees", Choices(side=16), home)
    known = KnownDataset(kept.name, kept, is_trained=False)
    assert f"{upload.stat().st_size / 1e6:,.1f} MB of uploaded files" in removal_of(known, None, folder).sentences
    assert kept.original(0)
    remove_dataset(known, folder, 100.0, NOBODY)
    assert not upload.exists()


def test_files_that_another_data_set_was_made_of_stay_until_the_last_one_is_removed(home, tmp_path):
    folder = DataFolder(home)
    with write_photos(tmp_path / "trees.zip", per_class=10, damaged=0).open("rb") as file:
        upload = save_upload(folder, [("trees.zip", file)], 1.0)
    trees = add(upload, "trees", Choices(side=16), home)
    corrected = keep_corrected(trees.name, Corrections({}, [0]), home)
    assert removal_of(KnownDataset(trees.name, trees, is_trained=False), None, folder).uploaded == 0
    remove_dataset(KnownDataset(trees.name, trees, is_trained=False), folder, 2.0, NOBODY)
    assert upload.exists()
    remove_dataset(KnownDataset(corrected.name, corrected, is_trained=False), folder, 3.0, NOBODY)
    assert not upload.exists()


def test_a_data_set_is_found_by_its_name_and_by_its_title(home, trees):
    catalogue = open_snapshot(DataFolder(home))
    assert [find_dataset(name, catalogue, home) for name in ("digits", "trees", trees.name, "leaves#80")] == [
        *("digits", trees.name, trees.name, "leaves#80")
    ]
    with pytest.raises(NotFound, match=r"There is no data set 'birds': digits, trees\."):
        find_dataset("birds", catalogue, home)
