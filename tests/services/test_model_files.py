import json

import pytest
from catalogues import changed, finish, write_catalogue

from remap_core.catalogue.snapshot import open_snapshot
from remap_core.errors import ExportFailed
from remap_core.services.model_files import architectures_json, exported_training, finished_model
from remap_core.space.architecture import Architecture


def test_exported_architectures_read_back(tmp_path):
    catalogue = open_snapshot(write_catalogue(tmp_path / "home"))
    trials = catalogue.trials([3, 1])
    forms = json.loads(architectures_json(trials))
    assert [Architecture.from_json(form) for form in forms] == [trial.architecture for trial in trials]


def test_a_model_that_is_not_complete_is_not_exported(tmp_path):
    folder = write_catalogue(tmp_path / "home", failed=1)
    with pytest.raises(ExportFailed, match="Only complete models can be exported, but Model 7 is failed"):
        finished_model(open_snapshot(folder), folder, 7)


def test_exports_take_the_most_accurate_weights_of_a_model(tmp_path):
    folder = write_catalogue(tmp_path / "home")
    catalogue = open_snapshot(folder)
    assert exported_training(catalogue, catalogue.trial(1)).id == 1
    newest = changed(folder.home, finish)
    assert exported_training(newest, newest.trial(1)).id == 7
    worse = changed(folder.home, lambda store: finish(store, epochs=7, right=2))
    assert exported_training(worse, worse.trial(1)).id == 7
