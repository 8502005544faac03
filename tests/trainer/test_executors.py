"""The contract of executors, kept by worker processes; `test_ray_executor.py` has it for Ray."""

import pytest
from executor_contract import ExecutorContract
from trainings import prepare as prepare_a_toy

from remap_core.trainer.executors.processes import LocalExecutor


class TestWorkerProcesses(ExecutorContract):
    preload = ""

    @pytest.fixture
    def make_executor(self):
        """Makes executors of one slot, for toy trainings."""
        made = []

        def make(train, prepare=prepare_a_toy, **options):
            made.append(LocalExecutor(train, prepare, slots=1, preload=self.preload, **options))
            return made[-1]

        yield make
        for executor in made:
            executor.close(grace=1)


class TestForkedWorkerProcesses(TestWorkerProcesses):
    preload = "json"
