"""The contract as a judge: replies held against `openapi.yaml`."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Any

import httpx
import yaml
from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

_ROOT = "urn:museo"


@cache
def document() -> dict[str, Any]:
    """The contract."""
    loaded: dict[str, Any] = yaml.safe_load(
        resources.files("mcps.museo").joinpath("openapi.yaml").read_text("utf-8")
    )
    return loaded


@cache
def _registry() -> Registry[Any]:
    resource: Resource[Any] = Resource.from_contents(document(), default_specification=DRAFT202012)
    empty: Registry[Any] = Registry()
    filled: Registry[Any] = empty.with_resource(_ROOT, resource)
    return filled


@cache
def operations() -> dict[str, dict[str, Any]]:
    """Every operation by its id, with `method` and `path` added."""
    return {
        operation["operationId"]: {**operation, "method": method, "path": path}
        for path, item in document()["paths"].items()
        for method, operation in item.items()
        if method != "parameters"
    }


def check_schema(content: object, pointer: str) -> None:
    """See that content fits the schema at a JSON Pointer of the contract."""
    validator = Draft202012Validator(
        {"$ref": f"{_ROOT}#{pointer}"},
        registry=_registry(),
        format_checker=Draft202012Validator.FORMAT_CHECKER,
    )
    faults = [
        f"{'/'.join(map(str, fault.absolute_path))}: {fault.message}"
        for fault in validator.iter_errors(content)
    ]
    assert not faults, faults[:5]


def check(operation_id: str, response: httpx.Response) -> Any:
    """
    See that a response is one that the contract allows for the operation; its JSON content.

    A refusal may come where the contract does not list it; then it must be a problem like all others.
    """
    responses = operations()[operation_id]["responses"]
    described, pointer = _resolved(
        responses.get(str(response.status_code)), operation_id, response.status_code
    )
    if response.status_code == 304:
        assert described is not None
        assert response.content == b""
        return None
    kind = response.headers["Content-Type"].partition(";")[0]
    content = response.json()
    if response.status_code >= 400:
        assert kind == "application/problem+json"
        check_schema(content, "/components/schemas/Problem")
        assert content["status"] == response.status_code
        return content
    assert described is not None, f"{operation_id} may not answer {response.status_code}"
    assert kind in described["content"]
    check_schema(content, f"{pointer}/content/{kind.replace('/', '~1')}/schema")
    for name in described.get("headers", {}):
        if name not in ("Location",):
            assert name in response.headers, f"{operation_id} answers without {name}"
    return content


def _resolved(described: Any, operation_id: str, status: int) -> tuple[dict[str, Any] | None, str]:
    if described is None:
        return None, ""
    if "$ref" in described:
        name = described["$ref"].rpartition("/")[2]
        return document()["components"]["responses"][name], f"/components/responses/{name}"
    operation = operations()[operation_id]
    path = operation["path"].replace("~", "~0").replace("/", "~1").replace("{", "%7B").replace("}", "%7D")
    return described, f"/paths/{path}/{operation['method']}/responses/{status}"
