"""Joining a Ray cluster: every reason why that fails is one sentence, and soon."""

from __future__ import annotations

import logging
import os
import re
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager

from remap_core.errors import SettingsError
from remap_core.trainer.executors.processes import ALLOCATOR_VARIABLES

ANSWER_SECONDS = 5.0
"""How long an address may take to accept a connection, and then to answer."""

_CONNECTION_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_SETTINGS_TYPE = 4
_EMPTY_SETTINGS_FRAME = bytes((0, 0, 0, _SETTINGS_TYPE, 0, 0, 0, 0, 0))


def join(address: str) -> None:
    """Make this process part of the Ray cluster at "auto" (the one on this machine) or HOST:PORT.

    Raises SettingsError if Ray is not installed, nothing answers there, or the cluster runs other versions.
    """
    try:
        import ray
    except ImportError:
        raise SettingsError("executor = 'ray' needs the extra `ray`: pip install 'remap-nas[ray]'.") from None
    if address != "auto":
        _require_answer(address)
    try:
        with _signals_kept(), _single_attempt():
            ray.init(
                address=address,
                runtime_env={"env_vars": ALLOCATOR_VARIABLES},
                log_to_driver=False,
                logging_level=logging.ERROR,
            )
    except Exception as error:  # whatever it is, there is no cluster to work with
        ray.shutdown()  # it has joined a cluster of another version by now
        raise SettingsError(_refusal(address, error)) from error


def _require_answer(address: str) -> None:
    """Ray itself tries for minutes if nothing answers, or something else does."""
    host, _, port = address.rpartition(":")
    try:
        with socket.create_connection((host.strip("[]"), int(port)), timeout=ANSWER_SECONDS) as connection:
            if os.environ.get("RAY_USE_TLS", "0") == "0":
                _require_grpc(connection)
    except TimeoutError as error:
        raise SettingsError(_unreachable(address, f"no answer within {ANSWER_SECONDS:g} seconds")) from error
    except OSError as error:
        raise SettingsError(_unreachable(address, error.strerror or str(error))) from error


def _require_grpc(connection: socket.socket) -> None:
    """A gRPC server, as Ray's head is, answers the HTTP/2 preface with its settings (RFC 9113, 3.4)."""
    connection.sendall(_CONNECTION_PREFACE + _EMPTY_SETTINGS_FRAME)
    header = connection.recv(9)
    if len(header) < 4 or header[3] != _SETTINGS_TYPE:
        raise OSError("something else answers there")


def _unreachable(address: str, reason: str) -> str:
    return f"There is no Ray cluster at ray_address = {address!r}: {reason}."


def _refusal(address: str, error: Exception) -> str:
    message = str(error).strip()
    versions = re.findall(r"(?:Ray|Python): (\S+)", message)
    if "ersion mismatch" in message and len(versions) == 4:
        cluster_ray, cluster_python, our_ray, our_python = versions
        return (
            f"The Ray cluster at {address!r} runs Ray {cluster_ray} and Python {cluster_python}, but the trainer "
            f"runs Ray {our_ray} and Python {our_python}: both must be the same."
        )
    if isinstance(error, ConnectionError) and address == "auto":
        return (
            "There is no Ray cluster on this machine (ray_address = 'auto'): start one with `ray start --head`, "
            "or name another one as HOST:PORT."
        )
    if isinstance(error, ConnectionError):
        return _unreachable(address, "something else answers there")
    first_line = next(iter(message.splitlines()), "no reason given")
    return f"The Ray cluster at {address!r} cannot be joined: {first_line}"


@contextmanager
def _signals_kept() -> Iterator[None]:
    """Ray takes over SIGTERM; the handlers from before are set again."""
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)


@contextmanager
def _single_attempt() -> Iterator[None]:
    """Ray reads from the environment how often it tries to connect: by default 20 times, each up to 40 s."""
    name = "RAY_gcs_server_port_wait_time_s"
    is_set_here = name not in os.environ
    os.environ.setdefault(name, "1")
    try:
        yield
    finally:
        if is_set_here:
            del os.environ[name]
