"""Executors of each kind, behind one way to make them; a Ray cluster of two nodes on this machine."""

import importlib.util
import logging
import os
from functools import partial
from pathlib import Path

import pytest
from on_nodes import load_name, score_blindly, train_blindly
from trainings import prepare as prepare_a_toy

from remap_core.trainer.executors.base import score_nothing
from remap_core.trainer.executors.processes import LocalExecutor
from remap_core.trainer.executors.ray.ray_executor import RayExecutor

TESTS = Path(__file__).parents[1]
SCORE_NOTHING = partial(score_blindly, score_nothing)
NODE = {"num_cpus": 1, "object_store_memory": 80 * 2**20}


@pytest.fixture(scope="module")
def cluster():
    """A head and a further node, one core each; tests that take a node away put another in its place.

    Of a module, as two further nodes would slow down all tests that come after these.
    """
    if importlib.util.find_spec("ray") is None:
        pytest.skip("needs Ray: pip install -e '.[ray]'")
    cluster_utils = importlib.import_module("ray.cluster_utils")
    paths = [str(TESTS), str(TESTS.parent), *filter(None, [os.environ.get("PYTHONPATH")])]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", os.pathsep.join(paths))  # nodes find what the tests send them
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        made = cluster_utils.Cluster(initialize_head=True, head_node_args={**NODE, "include_dashboard": False})
        try:
            made.add_node(**NODE)
            yield made
        finally:
            made.shutdown()


@pytest.fixture
def ray_executor(request, tmp_path):
    """Makes executors on the cluster: of toy trainings, unless told otherwise; files are in the test's folder."""
    address, made = request.getfixturevalue("cluster").address, []

    def make(train, prepare=prepare_a_toy, load=load_name, score=SCORE_NOTHING, **options):
        made.append(RayExecutor(address, train, prepare, load, score, folder=tmp_path / "artifacts", **options))
        return made[-1]

    yield make
    for executor in made:
        executor.close(grace=1)


@pytest.fixture(params=["local", "ray"])
def make_executor(request):
    """Makes executors of one slot, of each kind in turn, for toy trainings."""
    if request.param == "ray":
        make_on_cluster = request.getfixturevalue("ray_executor")

        def make_ray(train, prepare=prepare_a_toy, score=score_nothing, **options):
            return make_on_cluster(
                partial(train_blindly, train), prepare, score=partial(score_blindly, score), max_slots=1, **options
            )

        yield make_ray
        return
    made = []

    def make_local(train, prepare=prepare_a_toy, **options):
        made.append(LocalExecutor(train, prepare, slots=1, **options))
        return made[-1]

    yield make_local
    for executor in made:
        executor.close(grace=1)


@pytest.fixture(autouse=True)
def _quiet_ray():
    """Ray hangs a handler onto its logger that writes to a stream which pytest has closed by then."""
    yield
    logging.getLogger("ray").handlers.clear()
