"""Health, readiness, metrics and processes: what an operator and a load balancer ask for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from museod import __version__
from museod.errors import ConfigError, Kind, SupervisorError
from museod.front.discovery import InsufficientScope
from museod.front.door import Visitor
from museod.transports.http1 import HttpResponse, error_response, json_response

METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"
NO_STORE = [("Cache-Control", "no-store")]


@dataclass(frozen=True, slots=True)
class Operations:
    """
    Args:
        stage: "starting", "ready", "draining" or "stopped".
        children: each child's state as /ready shows it.
        dependencies: each dependency's state and since when.
        is_serving: each child's name, and whether it serves now.
        refused_tools: tools that are not shown or shown under another name, and why.
        restart: restarts one child; raises `KeyError` for one that is not configured.
        metrics: the whole text for Prometheus.
        reload: reads the configuration anew; raises `ConfigError` and changes nothing when it is refused.
    """

    stage: Callable[[], str]
    children: Callable[[], Mapping[str, Mapping[str, Any]]]
    dependencies: Callable[[], Mapping[str, Mapping[str, Any]]]
    is_serving: Callable[[], Mapping[str, bool]]
    refused_tools: Callable[[], list[dict[str, str]]]
    restart: Callable[[str], Awaitable[None]]
    metrics: Callable[[], bytes]
    reload: Callable[[], Awaitable[None]]

    def health(self) -> HttpResponse:
        """Liveness: the loop turns, or this would not be answered."""
        return json_response(200, {"status": "ok", "version": __version__}, NO_STORE)

    def ready(self, visitor: Visitor | None) -> HttpResponse:
        """Readiness; the detail only for whoever may read it."""
        status = self._status()
        body: dict[str, Any] = {"status": status}
        if visitor is not None and (visitor.is_trusted_loopback or visitor.caller.has_scope("ops:read")):
            body["version"] = __version__
            body["children"] = self.children()
            body["dependencies"] = self.dependencies()
            refused = self.refused_tools()
            if refused:
                body["refusedTools"] = refused
        return json_response(200 if status in ("ok", "degraded") else 503, body, NO_STORE)

    def _status(self) -> str:
        stage = self.stage()
        if stage != "ready":
            return stage
        serving = self.is_serving()
        if serving and not any(serving.values()):
            return "unavailable"
        is_whole = all(serving.values()) and all(
            dependency.get("state") == "up" for dependency in self.dependencies().values()
        )
        return "ok" if is_whole else "degraded"

    def show_metrics(self, visitor: Visitor) -> HttpResponse:
        """
        Prometheus text.

        Raises:
            Forbidden: the visitor is neither near nor has the scope.
        """
        _must_hold(visitor, "ops:read", near_is_enough=True)
        return HttpResponse(200, self.metrics(), [("Content-Type", METRICS_TYPE), *NO_STORE])

    def show_processes(self, visitor: Visitor) -> HttpResponse:
        """
        All children, for `GET /api/v1/processes`.

        Raises:
            Forbidden: without ops:read.
        """
        _must_hold(visitor, "ops:read")
        return json_response(200, {"processes": self.children()}, NO_STORE)

    async def restart_process(self, visitor: Visitor, name: str) -> HttpResponse:
        """
        Restart one child and wait until it serves or fails.

        Raises:
            Forbidden: without ops:write.
        """
        _must_hold(visitor, "ops:write")
        try:
            await self.restart(name)
        except KeyError:
            known = ", ".join(self.children())
            return error_response(404, Kind.INVALID_PARAMS, f"There is no such child; there are: {known}.")
        except SupervisorError as error:
            return error_response(503, Kind.MCP_NOT_AVAILABLE, str(error))
        return json_response(200, self.children()[name], NO_STORE)

    async def reload_configuration(self, visitor: Visitor) -> HttpResponse:
        """
        Take over the configuration as it is now, and wait until it is in force.

        Raises:
            Forbidden: without ops:write.
        """
        _must_hold(visitor, "ops:write")
        try:
            await self.reload()
        except ConfigError as error:
            return error_response(422, Kind.INVALID_PARAMS, f"Refused, nothing has changed. {error}")
        return json_response(200, {"status": "reloaded"}, NO_STORE)


def _must_hold(visitor: Visitor, scope: str, *, near_is_enough: bool = False) -> None:
    if visitor.caller.has_scope(scope) or (near_is_enough and visitor.is_trusted_loopback):
        return
    text = f"This needs the scope {scope}; use a token of an operator, or the unix socket."
    raise InsufficientScope(text, scope)
