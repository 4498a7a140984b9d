"""`status`, `reload`, `restart`, `tools` and `call`: through the running daemon."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from museod.cli.control import EXIT_UNREACHABLE, Control, Refused, Unreachable
from museod.cli.output import duration, say, show, show_json, show_table, size

EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_DEGRADED = 75
EXIT_CONFIG = 78
WATCH_SECONDS = 2.0


def status(args: argparse.Namespace) -> int:
    """Children and dependencies; 75 when something is not as it should be."""
    control = Control()
    while True:
        try:
            ready = control.ready()
        except Unreachable as error:
            say(str(error))
            return EXIT_UNREACHABLE
        if args.as_json:
            show_json(ready)
        else:
            _show_status(ready)
        if not args.watch:
            return 0 if ready["status"] == "ok" else EXIT_DEGRADED
        time.sleep(WATCH_SECONDS)
        show("")


def _show_status(ready: Mapping[str, Any]) -> None:
    show(f"museod {ready.get('version', '')}: {ready['status']}")
    rows = []
    for name, child in ready.get("children", {}).items():
        note = child.get("reason") or ""
        if "nextTrySeconds" in child:
            note = f"next try in {duration(child['nextTrySeconds'])}; {note}".rstrip("; ")
        pid = child.get("pid")
        rows.append(
            [
                name,
                child["state"],
                "-" if pid is None else str(pid),
                str(child.get("restarts", 0)),
                duration(child.get("uptimeSeconds", 0)),
                size(child.get("rssBytes")),
                note,
            ]
        )
    show_table(["child", "state", "pid", "restarts", "up", "memory", "note"], rows)
    dependencies = ready.get("dependencies", {})
    if dependencies:
        show_table(
            ["dependency", "state", "since"],
            [[name, found["state"], found["since"]] for name, found in dependencies.items()],
        )
    for refused in ready.get("refusedTools", []):
        show(f"tool {refused['tool']} of {refused['mcp']}: {refused['reason']}")


def reload(_: argparse.Namespace) -> int:
    """Have the configuration read anew; 78 when it is refused, and the old one stays."""
    try:
        Control().post("/api/v1/reload")
    except Unreachable as error:
        say(str(error))
        return EXIT_UNREACHABLE
    except Refused as error:
        say(str(error))
        return EXIT_CONFIG if error.status == 422 else EXIT_FAILED
    show("reloaded")
    return 0


def restart(args: argparse.Namespace) -> int:
    """Restart one child and say how it is doing."""
    try:
        child = Control().post(f"/api/v1/processes/{quote(args.child, safe='')}/restart")
    except Unreachable as error:
        say(str(error))
        return EXIT_UNREACHABLE
    except Refused as error:
        say(str(error))
        return EXIT_FAILED
    show(f"{args.child}: {child['state']}" + (f" ({child['reason']})" if child.get("reason") else ""))
    return 0 if child["state"] == "ready" else EXIT_FAILED


def tools(args: argparse.Namespace) -> int:
    """The tools that the caller may call."""
    try:
        found = _all_tools(Control())
    except Unreachable as error:
        say(str(error))
        return EXIT_UNREACHABLE
    if args.as_json:
        show_json(found)
    else:
        rows = [[tool["name"], (tool.get("description") or "").split("\n")[0][:100]] for tool in found]
        show_table(["tool", "what it does"], rows)
    return 0


def _all_tools(control: Control) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    params: dict[str, Any] = {}
    while True:
        page = control.rpc("tools/list", params)
        found.extend(page["tools"])
        if "nextCursor" not in page:
            return found
        params = {"cursor": page["nextCursor"]}


def call(args: argparse.Namespace) -> int:
    """Call one tool and print its text, or its whole result in a pipe."""
    control = Control()
    try:
        arguments = _arguments(control, args.tool, args.arguments, args.json_arguments)
        result = control.rpc("tools/call", {"name": args.tool, "arguments": arguments}, name=args.tool)
    except Unreachable as error:
        say(str(error))
        return EXIT_UNREACHABLE
    except ValueError as error:
        say(f"museod call: {error}")
        return EXIT_USAGE
    except Refused as error:
        say(str(error))
        return EXIT_FAILED
    texts = [block["text"] for block in result.get("content", []) if block.get("type") == "text"]
    if texts:
        show("\n".join(texts))
    else:
        show_json(result.get("structuredContent", result.get("content")))
    return EXIT_FAILED if result.get("isError") else 0


def _arguments(control: Control, tool: str, pairs: Sequence[str], as_json: str | None) -> dict[str, Any]:
    if as_json is not None:
        value = json.loads(as_json)
        if not isinstance(value, dict):
            raise ValueError('--json wants an object, e.g. --json \'{"query": "iPhone 15"}\'')
        return value
    schema: dict[str, Any] = {}
    if pairs:
        schema = next((one["inputSchema"] for one in _all_tools(control) if one["name"] == tool), {})
    arguments = {}
    for pair in pairs:
        name, is_pair, text = pair.partition("=")
        if not is_pair or not name:
            raise ValueError(f"{pair!r} is no key=value")
        arguments[name] = _typed(text, schema.get("properties", {}).get(name, {}))
    return arguments


def _typed(text: str, schema: Mapping[str, Any]) -> Any:
    """A word of the command line as the value that the tool's schema wants there."""
    kind = schema.get("type")
    kinds = kind if isinstance(kind, list) else [kind]
    if "string" in kinds or (kinds == [None] and "enum" in schema):
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text
