"""A Ray cluster of two nodes on this machine, and executors on it."""

import importlib.util
import logging
import os
from pathlib import Path

import pytest
from on_nodes import NODE, SCORE_NOTHING, load_name
from trainings import prepare as prepare_a_toy

from remap_core.trainer.executors.ray import ray_executor as ray_executor_module
from remap_core.trainer.executors.ray.cluster import join
from remap_core.trainer.executors.ray.ray_executor import RayExecutor

TESTS = Path(__file__).parents[1]
HEAD = NODE | {
    "include_dashboard": False,
    "_system_config": {
        # a node that is killed refuses to answer at once, and is lost after four times half a second instead of 15 s
        "health_check_initial_delay_ms": 500,
        "health_check_period_ms": 500,
        "health_check_failure_threshold": 4,
        # processes stay for the next test: starting one takes longer than most tests
        "idle_worker_killing_time_threshold_ms": 120_000,
        "num_workers_soft_limit": 4,
    },
}

pytest.register_assert_rewrite("executor_contract")


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
        made = cluster_utils.Cluster(initialize_head=True, head_node_args=HEAD)
        try:
            made.add_node(**NODE)
            yield made
        finally:
            importlib.import_module("ray").shutdown()
            made.shutdown()


@pytest.fixture
def connected(cluster):
    """This process is part of the cluster and stays so from test to test, whatever executors ask for.

    Everybody who joins gets processes of their own on the nodes, and each of these imports PyTorch.
    """
    ray = importlib.import_module("ray")
    if not ray.is_initialized():
        join(cluster.address)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ray_executor_module, "join", lambda address: None)
        patch.setattr(ray, "shutdown", lambda: None)
        yield


@pytest.fixture
def unconnected(cluster):
    """This process has left the cluster; a test joins it by itself."""
    importlib.import_module("ray").shutdown()


@pytest.fixture
def ray_executor(connected, cluster, tmp_path):
    """Makes executors on the cluster: of toy trainings, unless told otherwise; files are in the test's folder."""
    made = []

    def make(train, prepare=prepare_a_toy, load=load_name, score=SCORE_NOTHING, **options):
        made.append(RayExecutor(cluster.address, train, prepare, load, score, folder=tmp_path / "artifacts", **options))
        return made[-1]

    yield make
    for executor in made:
        executor.close(grace=1)


@pytest.fixture(autouse=True)
def _quiet_ray():
    """Ray hangs a handler onto its logger that writes to a stream which pytest has closed by then."""
    yield
    logging.getLogger("ray").handlers.clear()
