"""The table of all operations, and which row a request belongs to."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import unquote

from mcps.museo.sandbox.calls import Route
from mcps.museo.sandbox.problems import bad_request

MAX_PARAMETER_CHARS = 200


class Routes:
    """Routes by path, then by method; a path without parameters wins over one with them."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._fixed: dict[str, dict[str, Route]] = {}
        self._open: dict[tuple[str, ...], dict[str, Route]] = {}
        for route in routes:
            if "{" in route.path:
                self._open.setdefault(tuple(route.path.split("/")), {})[route.method] = route
            else:
                self._fixed.setdefault(route.path, {})[route.method] = route

    def find(self, method: str, path: str) -> tuple[Route, dict[str, str]]:
        """
        The route of a request and its path parameters, decoded. HEAD is answered like GET.

        Raises:
            ProblemError: 404 for a path that is none, 405 for a method that the path does not have.
        """
        methods, parameters = self._match(path)
        route = methods.get("GET" if method == "HEAD" else method)
        if route is None:
            allowed = ", ".join(sorted(methods))
            problem = bad_request(f"This path takes {allowed} only.", status=405)
            problem.headers.append(("Allow", allowed))
            raise problem
        return route, parameters

    def _match(self, path: str) -> tuple[dict[str, Route], dict[str, str]]:
        if path in self._fixed:
            return self._fixed[path], {}
        segments = path.split("/")
        for pattern, methods in self._open.items():
            parameters = _fit(pattern, segments)
            if parameters is not None:
                return methods, parameters
        raise bad_request("There is no such path here; the contract names those that are.", status=404)


def _fit(pattern: tuple[str, ...], segments: list[str]) -> dict[str, str] | None:
    if len(pattern) != len(segments):
        return None
    parameters: dict[str, str] = {}
    for wanted, given in zip(pattern, segments, strict=True):
        if not wanted.startswith("{"):
            if wanted != given:
                return None
            continue
        try:
            value = unquote(given, errors="strict")
        except UnicodeDecodeError:
            return None
        if not value or len(value) > MAX_PARAMETER_CHARS or not value.isprintable():
            return None
        parameters[wanted[1:-1]] = value
    return parameters
