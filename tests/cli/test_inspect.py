"""`status`, `reload`, `restart`, `tools`, `call`, with a daemon that answers from a table."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from museod.cli import inspect
from museod.cli.control import Refused, Unreachable

TOOLS = [
    {
        "name": "search",
        "description": "Searches.\nAll of it.",
        "inputSchema": {
            "type": "object",
            "properties": {
                "query": {"type": "string"},
                "limit": {"type": "integer"},
                "tags": {"type": "array"},
                "sort": {"enum": ["1", "2"]},
                "either": {"type": ["string", "integer"]},
            },
        },
    },
    {"name": "about", "inputSchema": {"type": "object"}},
]
READY = {
    "status": "ok",
    "version": "1",
    "children": {
        "shop": {"state": "ready", "pid": 7, "restarts": 1, "uptimeSeconds": 61, "rssBytes": 1_048_576}
    },
}


class FakeControl:
    """Answers by method and path; an exception is raised."""

    def __init__(self, **answers: Any) -> None:
        self.answers = answers
        self.asked: list[tuple[str, Any]] = []

    def _answer(self, name: str, what: Any) -> Any:
        self.asked.append((name, what))
        answer = self.answers[name]
        if isinstance(answer, Exception):
            raise answer
        return answer(what) if callable(answer) else answer

    def ready(self) -> Any:
        return self._answer("ready", None)

    def post(self, path: str) -> Any:
        return self._answer("post", path)

    def rpc(self, method: str, params: Mapping[str, Any], *, name: str | None = None) -> Any:
        return self._answer(method.replace("/", "_"), dict(params))


@pytest.fixture
def control(monkeypatch: pytest.MonkeyPatch) -> Callable[..., FakeControl]:
    def use(**answers: Any) -> FakeControl:
        fake = FakeControl(**answers)
        monkeypatch.setattr(inspect, "Control", lambda: fake)
        return fake

    return use


def args(**values: Any) -> argparse.Namespace:
    return argparse.Namespace(
        **{
            "as_json": False,
            "watch": False,
            "child": "shop",
            "tool": "search",
            "arguments": [],
            "json_arguments": None,
            **values,
        }
    )


UNREACHABLE = Unreachable("Nobody is there.")


@pytest.mark.parametrize(
    ("status", "code"), [("ok", 0), ("degraded", 75), ("starting", 75), ("draining", 75), ("unavailable", 75)]
)
def test_status_ends_with_how_it_is(
    status: str, code: int, control: Callable[..., FakeControl], capsys: pytest.CaptureFixture[str]
) -> None:
    control(ready={**READY, "status": status})
    assert inspect.status(args()) == code
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"museod 1: {status}"
    assert lines[1] == "shop\tready\t7\t1\t1 min\t1 MiB\t"


def test_status_tells_what_is_wrong(
    control: Callable[..., FakeControl], capsys: pytest.CaptureFixture[str]
) -> None:
    control(
        ready={
            "status": "degraded",
            "children": {"mail": {"state": "failed", "pid": None, "nextTrySeconds": 30, "reason": "exit 1"}},
            "dependencies": {"redis": {"state": "down", "since": "now"}},
            "refusedTools": [{"mcp": "x", "tool": "y", "reason": "clash"}],
        }
    )
    assert inspect.status(args()) == 75
    shown = capsys.readouterr().out
    for said in ("mail\tfailed\t-", "next try in 30 s; exit 1", "redis\tdown\tnow", "tool y of x: clash"):
        assert said in shown


def test_status_as_json_is_the_daemons_answer(
    control: Callable[..., FakeControl], capsys: pytest.CaptureFixture[str]
) -> None:
    control(ready=READY)
    assert inspect.status(args(as_json=True)) == 0
    assert json.loads(capsys.readouterr().out) == READY


@pytest.mark.parametrize(
    ("command", "answers"),
    [
        (inspect.status, {"ready": UNREACHABLE}),
        (inspect.reload, {"post": UNREACHABLE}),
        (inspect.restart, {"post": UNREACHABLE}),
        (inspect.tools, {"tools_list": UNREACHABLE}),
        (inspect.call, {"tools_call": UNREACHABLE}),
    ],
)
def test_without_a_daemon_every_command_ends_with_69(
    command: Callable[[argparse.Namespace], int],
    answers: dict[str, Any],
    control: Callable[..., FakeControl],
    capsys: pytest.CaptureFixture[str],
) -> None:
    control(**answers)
    assert command(args()) == 69
    captured = capsys.readouterr()
    assert "Nobody is there." in captured.err
    assert not captured.out


@pytest.mark.parametrize(
    ("answer", "code"),
    [({"status": "reloaded"}, 0), (Refused(422, "bad file"), 78), (Refused(403, "no"), 1)],
)
def test_reload(answer: Any, code: int, control: Callable[..., FakeControl]) -> None:
    control(post=answer)
    assert inspect.reload(args()) == code


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ({"state": "ready"}, 0),
        ({"state": "failed", "reason": "exit 1"}, 1),
        (Refused(404, "There is no such child; there are: shop."), 1),
    ],
)
def test_restart(answer: Any, code: int, control: Callable[..., FakeControl]) -> None:
    fake = control(post=answer)
    assert inspect.restart(args(child="a/b c")) == code
    assert fake.asked == [("post", "/api/v1/processes/a%2Fb%20c/restart")]


def test_tools_of_all_pages_are_shown(
    control: Callable[..., FakeControl], capsys: pytest.CaptureFixture[str]
) -> None:
    pages = {None: {"tools": TOOLS[:1], "nextCursor": ""}, "": {"tools": TOOLS[1:]}}
    control(tools_list=lambda params: pages[params.get("cursor")])
    assert inspect.tools(args()) == 0
    assert capsys.readouterr().out == "search\tSearches.\nabout\t\n"
    assert inspect.tools(args(as_json=True)) == 0
    assert json.loads(capsys.readouterr().out) == TOOLS


@pytest.mark.parametrize(
    ("pairs", "sent"),
    [
        ([], {}),
        (["query=15"], {"query": "15"}),
        (["query=a=b"], {"query": "a=b"}),
        (["query="], {"query": ""}),
        (["limit=3"], {"limit": 3}),
        (["limit=many"], {"limit": "many"}),
        (['tags=["a"]'], {"tags": ["a"]}),
        (["sort=1"], {"sort": "1"}),
        (["either=1"], {"either": "1"}),
        (["unknown=true"], {"unknown": True}),
    ],
)
def test_words_become_what_the_schema_wants(
    pairs: list[str], sent: dict[str, Any], control: Callable[..., FakeControl]
) -> None:
    fake = control(tools_list={"tools": TOOLS}, tools_call={"content": []})
    assert inspect.call(args(arguments=pairs)) == 0
    assert fake.asked[-1] == ("tools_call", {"name": "search", "arguments": sent})


@pytest.mark.parametrize(
    "wrong",
    [{"arguments": ["query"]}, {"arguments": ["=x"]}, {"json_arguments": "{"}, {"json_arguments": "[1]"}],
)
def test_words_that_are_no_arguments_are_a_usage_error(
    wrong: dict[str, Any], control: Callable[..., FakeControl], capsys: pytest.CaptureFixture[str]
) -> None:
    control(tools_list={"tools": TOOLS}, tools_call={"content": []})
    assert inspect.call(args(**wrong)) == 2
    assert "museod call" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("result", "code", "shown"),
    [
        (
            {"content": [{"type": "text", "text": "a"}, {"type": "image"}, {"type": "text", "text": "b"}]},
            0,
            "a\nb\n",
        ),
        ({"content": [{"type": "text", "text": "no"}], "isError": True}, 1, "no\n"),
        ({"content": [], "structuredContent": {"n": 1}}, 0, '{"n": 1}\n'),
    ],
)
def test_a_calls_result_is_shown_and_its_failure_is_the_exit_code(
    result: dict[str, Any],
    code: int,
    shown: str,
    control: Callable[..., FakeControl],
    capsys: pytest.CaptureFixture[str],
) -> None:
    control(tools_call=result)
    assert inspect.call(args(json_arguments='{"query": "x"}')) == code
    assert capsys.readouterr().out == shown


def test_a_refused_call_is_told(
    control: Callable[..., FakeControl], capsys: pytest.CaptureFixture[str]
) -> None:
    control(tools_call=Refused(400, "There is no tool."))
    assert inspect.call(args()) == 1
    assert "There is no tool." in capsys.readouterr().err
