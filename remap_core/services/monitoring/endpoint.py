"""One port of a process for the tools that watch it: metrics, liveness and readiness (extra `metrics`)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any
from wsgiref.simple_server import WSGIServer

from remap_core.errors import SettingsError

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication
    from prometheus_client.registry import Collector

Check = Callable[[], str]
"""Says in one sentence what is wrong; empty if nothing is."""


class Endpoint:
    """Serves `/metrics` (Prometheus), `/healthz` and `/readyz` in a thread, until it is closed.

    Health and readiness are answered with 200 and "ok", or with 503 and the sentence.
    """

    def __init__(
        self,
        *,
        setting: str,
        port: int,
        address: str,
        collectors: Iterable[Collector],
        healthy: Check,
        ready: Check,
    ) -> None:
        """setting: which one the port is of.

        Raises SettingsError if the extra is not installed, and if the address or port cannot be used.
        """
        try:
            from prometheus_client import CollectorRegistry, start_http_server
        except ImportError:
            raise SettingsError(
                f"{setting} = {port} needs the extra `metrics`: pip install 'remap-nas[metrics]'."
            ) from None
        registry = CollectorRegistry(auto_describe=False)
        for collector in collectors:
            registry.register(collector)
        try:
            self._server, _ = start_http_server(port, address, registry)
        except OSError as error:
            place = f"metrics_address = {address!r} and {setting} = {port}"
            raise SettingsError(f"{place} cannot be used: {error.strerror}.") from error
        _answer_checks(self._server, {"/healthz": healthy, "/readyz": ready})

    def close(self) -> None:
        """Answer no more, and release the port."""
        self._server.shutdown()
        self._server.server_close()


def _answer_checks(server: WSGIServer, checks: dict[str, Check]) -> None:
    """Answer the paths of the checks; what the server answered before stays at /metrics."""
    metrics: WSGIApplication | None = server.get_app()

    def answer(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if path == "/metrics" and metrics:
            return metrics(environ, start_response)
        status, sentence = "404 Not Found", "There are /metrics, /healthz and /readyz."
        if path in checks:
            problem = checks[path]()
            status = "503 Service Unavailable" if problem else "200 OK"
            sentence = problem or "ok"
        start_response(status, [("Content-Type", "text/plain; charset=utf-8"), ("Cache-Control", "no-store")])
        return [f"{sentence}\n".encode()]

    server.set_app(answer)
