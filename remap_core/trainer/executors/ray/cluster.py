"""A Ray cluster: how the daemon joins it, and which of its nodes can train how much."""

from __future__ import annotations

import logging
import os
import re
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from remap_core import __version__
from remap_core.errors import RemapError, SettingsError, TrainingFailed
from remap_core.trainer.executors.processes import MEMORY_KEPT
from remap_core.trainer.executors.ray.tasks import prepared

log = logging.getLogger(__name__)

ANSWER_SECONDS = 5.0
"""How long an address may take to accept a connection, and then to answer."""
LOOK_SECONDS = 1.0
"""How often nodes that come and go are noticed."""
_SETTINGS = 4
"""HTTP/2's type of such a frame."""


def join(address: str) -> None:
    """Make this process part of the Ray cluster at "auto" (the one of this machine) or HOST:PORT.

    Raises SettingsError where Ray is not installed, nothing answers there, or the cluster's versions are others.
    """
    try:
        import ray
    except ImportError:
        raise SettingsError("executor = 'ray' needs the extra `ray`: pip install 'remap-nas[ray]'.") from None
    if address != "auto":
        _require_answer(address)
    try:
        with _signals_kept(), _one_try():
            ray.init(
                address=address,
                runtime_env={"env_vars": MEMORY_KEPT},
                log_to_driver=False,
                logging_level=logging.ERROR,
            )
    except Exception as error:  # whatever it is: there is no cluster to work with, and one sentence says why
        ray.shutdown()  # of a cluster of another version it is a part by now
        raise SettingsError(_why_not(address, error)) from error


def _require_answer(address: str) -> None:
    """Ray itself tries for minutes where nobody is, or somebody else."""
    host, _, port = address.rpartition(":")
    try:
        with socket.create_connection((host.strip("[]"), int(port)), timeout=ANSWER_SECONDS) as connection:
            if os.environ.get("RAY_USE_TLS", "0") == "0":
                _require_grpc(connection)
    except OSError as error:
        timeout = isinstance(error, TimeoutError)
        reason = f"nothing answers within {ANSWER_SECONDS:g} seconds" if timeout else error.strerror or str(error)
        raise SettingsError(f"ray_address = {address!r} is no Ray cluster that can be reached: {reason}.") from error


def _require_grpc(connection: socket.socket) -> None:
    """What speaks gRPC, as Ray's head does, answers the beginning of HTTP/2 with its settings (RFC 9113, 3.4)."""
    connection.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes((0, 0, 0, _SETTINGS, 0, 0, 0, 0, 0)))
    header = connection.recv(9)
    if len(header) < 4 or header[3] != _SETTINGS:
        raise OSError("something answers there, but not as one")


def _why_not(address: str, error: Exception) -> str:
    said = str(error).strip()
    versions = re.findall(r"(?:Ray|Python): (\S+)", said)
    if "ersion mismatch" in said and len(versions) == 4:
        theirs, ours = (f"Ray {ray} and Python {python}" for ray, python in (versions[:2], versions[2:]))
        return f"The Ray cluster at {address!r} runs {theirs}, but the trainer {ours}: both must be the same."
    if isinstance(error, ConnectionError) and address == "auto":
        return (
            "ray_address = 'auto' finds no Ray cluster on this machine: `ray start --head` begins one, and "
            "HOST:PORT names another."
        )
    if isinstance(error, ConnectionError):
        return (
            f"ray_address = {address!r} is no Ray cluster that can be reached: something answers there, but not as one."
        )
    return f"The Ray cluster at {address!r} cannot be joined: {(said.splitlines() or ['it said nothing'])[0]}"


@contextmanager
def _signals_kept() -> Iterator[None]:
    """Ray takes SIGTERM for itself; here it means to leave cleanly, as it did before."""
    kept = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in kept.items():
            signal.signal(number, handler)


@contextmanager
def _one_try() -> Iterator[None]:
    """Ray reads from the environment how often it tries to connect: 20 times, each up to 40 s."""
    name = "RAY_gcs_server_port_wait_time_s"
    is_ours = name not in os.environ
    os.environ.setdefault(name, "1")
    try:
        yield
    finally:
        if is_ours:
            del os.environ[name]


@dataclass
class Node:
    """One machine of the cluster; `room` is how many trainings fit it at once. It trains once it said on what."""

    name: str
    address: str
    room: int
    probe: Any = None
    device: str = ""


class Nodes:
    """The nodes that can train, as they come and go. `gpus`: the part of a GPU that a training takes, 0 for none."""

    def __init__(self, prepare: Callable[[], str], gpus: float) -> None:
        import ray

        self._ray: Any = ray
        self._prepare, self._gpus = prepare, gpus
        self._prober = ray.remote(num_cpus=0, num_gpus=gpus, max_retries=0)(prepared)
        self._nodes: dict[str, Node] = {}
        self._looked, self._were_able = -LOOK_SECONDS, False

    @property
    def able(self) -> list[Node]:
        """Those that are alive and can train."""
        return [node for node in self._nodes.values() if node.device]

    @property
    def device(self) -> str:
        """On what they train, for people; empty where none can."""
        devices = sorted({node.device for node in self.able})
        count = f"{len(self.able)} node{'s' * (len(self.able) > 1)}"
        return f"Ray, {count}: {'; '.join(devices)}" if devices else ""

    def look(self) -> None:
        """Notice nodes that came or went, and what new ones answered; raises TrainingFailed where none ever could.

        It does so, too, where the cluster as a whole is lost.
        """
        if time.monotonic() - self._looked >= LOOK_SECONDS:
            self._looked = time.monotonic()
            self._count()
        for node in self._nodes.values():
            if node.probe is not None and self._ray.wait([node.probe], timeout=0)[0]:
                self._answered(node)

    def _count(self) -> None:
        try:
            alive = {entry["NodeID"]: entry for entry in self._ray.nodes() if entry["Alive"]}
        except Exception as error:
            raise TrainingFailed("The Ray cluster is lost: its head does not answer.") from error
        for name in self._nodes.keys() - alive.keys():
            log.warning("node %s has left the cluster", self._nodes.pop(name).address)
        for name, entry in alive.items():
            room = self._room(entry["Resources"])
            if name in self._nodes:
                self._nodes[name].room = room
            elif room:
                self._nodes[name] = Node(name, entry["NodeManagerAddress"], room)
                self.ask(self._nodes[name])

    def ask(self, node: Node) -> None:
        """Let a node train (again) once it has said on what: of one that is lost Ray itself knows only after 15 s."""
        node.device = ""
        node.probe = self._prober.options(scheduling_strategy=pinned(node.name)).remote(self._prepare, __version__)

    def has_left(self, node: Node) -> bool:
        """Whether a node is no longer there; if its machine comes back it is another one."""
        return node.name not in self._nodes

    def _room(self, resources: dict[str, float]) -> int:
        cores = int(resources.get("CPU", 0))
        if not self._gpus:
            return cores
        return min(cores, int(resources.get("GPU", 0)) * int(1 / self._gpus + 1e-9))

    def _answered(self, node: Node) -> None:
        probe, node.probe = node.probe, None
        try:
            node.device = self._ray.get(probe)
        except Exception as error:
            sentence = f"Node {node.address} cannot train: {_first_line(error)}"
            log.warning("%s", sentence)
            if not self._were_able and not any(other.probe for other in self._nodes.values()):
                raise TrainingFailed(f"No training can begin. {sentence}") from error
        else:
            self._were_able = True
            log.info("node %s trains up to %d at once on %s", node.address, node.room, node.device)


def pinned(node: str) -> Any:
    """Ray's way to say that a task runs on this node or not at all."""
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    return NodeAffinitySchedulingStrategy(node, soft=False)


def _first_line(error: Exception) -> str:
    cause = getattr(error, "cause", None) or error
    if isinstance(cause, RemapError):
        return str(cause)
    if "No module named" in str(cause):
        return "remap-nas is not installed there, or not all that it needs."
    return f"{type(cause).__name__}: {(str(cause).strip().splitlines() or ['it said nothing'])[0]}"
