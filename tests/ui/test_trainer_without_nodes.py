"""A trainer on a cluster all of whose nodes are away trains nothing at present, and no page minds."""

import os
import time

import pytest
from apps import opened, said
from catalogues import write_catalogue

from remap_core.data_folder.heartbeat import TrainerStatus, write_trainer
from remap_core.version import __version__


@pytest.mark.parametrize("page", ["inspect", "generate", "queue"])
def test_expected_times_are_those_of_one_worker(home, page):
    now = time.time()
    write_trainer(write_catalogue(home), TrainerStatus(os.getpid(), now, now, __version__, "Ray", 0))
    app = opened(page, drawer=[1], selected=1, model="1")
    assert not app.exception
    assert "0 workers" not in said(app)
