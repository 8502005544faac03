"""The nodes of a Ray cluster that can train, as they join and leave."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from remap_core.errors import RemapError, TrainingFailed
from remap_core.formatting import pluralize
from remap_core.trainer.executors.ray.node_tasks import prepare_node
from remap_core.version import __version__

log = logging.getLogger(__name__)

REFRESH_SECONDS = 1.0
"""Seconds between looks at which nodes the cluster has."""


@dataclass
class Node:
    """One machine of the cluster. slots: trainings that fit it at once; device: empty until its probe has answered."""

    name: str
    address: str
    slots: int
    probe: Any = None
    device: str = ""


class Nodes:
    """The nodes that can train. gpus: the part of a GPU that a training takes, 0 for none."""

    def __init__(self, prepare: Callable[[], str], gpus: float) -> None:
        import ray

        self._ray: Any = ray
        self._prepare = prepare
        self._gpus = gpus
        self._prober = ray.remote(num_cpus=0, num_gpus=gpus, max_retries=0)(prepare_node)
        self._nodes: dict[str, Node] = {}
        self._last_refresh = -REFRESH_SECONDS
        self._any_was_usable = False

    @property
    def usable(self) -> list[Node]:
        """Those that are alive and can train."""
        return [node for node in self._nodes.values() if node.device]

    @property
    def device(self) -> str:
        """How many nodes train, and what they train on; empty if none can."""
        devices = sorted({node.device for node in self.usable})
        if not devices:
            return ""
        return f"Ray, {pluralize(len(self.usable), 'node')}: {'; '.join(devices)}"

    def refresh(self) -> None:
        """Notice nodes that joined or left, and what new ones answered.

        Raises TrainingFailed if the first nodes all cannot train, and if the cluster is lost.
        """
        if time.monotonic() - self._last_refresh >= REFRESH_SECONDS:
            self._last_refresh = time.monotonic()
            self._update_nodes()
        for node in self._nodes.values():
            if node.probe is not None and self._ray.wait([node.probe], timeout=0)[0]:
                self._read_answer(node)

    def _update_nodes(self) -> None:
        try:
            alive = {entry["NodeID"]: entry for entry in self._ray.nodes() if entry["Alive"]}
        except Exception as error:
            raise TrainingFailed("The Ray cluster is lost: its head does not answer.") from error
        for name in self._nodes.keys() - alive.keys():
            log.warning("node %s has left the cluster", self._nodes.pop(name).address)
        for name, entry in alive.items():
            slots = self._slots_of(entry["Resources"])
            if name in self._nodes:
                self._nodes[name].slots = slots
            elif slots:
                self._nodes[name] = Node(name, entry["NodeManagerAddress"], slots)
                self.probe(self._nodes[name])

    def probe(self, node: Node) -> None:
        """Use a node only after it has answered (again): Ray lists a lost one as alive for some 15 s."""
        node.device = ""
        task = self._prober.options(scheduling_strategy=on_node(node.name))
        node.probe = task.remote(self._prepare, __version__)

    def has_left(self, node: Node) -> bool:
        """Whether a node has left the cluster. A machine that comes back is a new node."""
        return node.name not in self._nodes

    def _slots_of(self, resources: dict[str, float]) -> int:
        cores = int(resources.get("CPU", 0))
        if not self._gpus:
            return cores
        per_gpu = int(1 / self._gpus + 1e-9)
        return min(cores, int(resources.get("GPU", 0)) * per_gpu)

    def _read_answer(self, node: Node) -> None:
        probe = node.probe
        node.probe = None
        try:
            node.device = self._ray.get(probe)
        except Exception as error:
            sentence = f"Node {node.address} cannot train: {_reason(error)}"
            log.warning("%s", sentence)
            others_are_open = any(other.probe for other in self._nodes.values())
            if not self._any_was_usable and not others_are_open:
                raise TrainingFailed(f"No training can start. {sentence}") from error
            return
        self._any_was_usable = True
        log.info("node %s can train %d at once on %s", node.address, node.slots, node.device)


def on_node(name: str) -> Any:
    """Ray's scheduling strategy for a task that runs on this node or not at all."""
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    return NodeAffinitySchedulingStrategy(name, soft=False)


def _reason(error: Exception) -> str:
    cause = getattr(error, "cause", None) or error
    if isinstance(cause, RemapError):
        return str(cause)
    message = str(cause).strip()
    if "No module named" in message:
        return "remap-nas or one of its requirements is not installed there."
    first_line = next(iter(message.splitlines()), "no reason given")
    return f"{type(cause).__name__}: {first_line}"
