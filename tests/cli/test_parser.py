"""The words of the command line, and the exit code of each end."""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Callable

import pytest

from museod.cli import parser
from museod.cli.parser import build_parser, main
from museod.errors import ConfigError, Fault, MuseodError

Command = Callable[[argparse.Namespace], int]


@pytest.mark.parametrize("command", list(parser._COMMANDS))
def test_every_command_is_known_to_the_parser_and_has_a_function(command: str) -> None:
    module, name = parser._COMMANDS[command]
    assert callable(getattr(importlib.import_module(f"museod.cli.{module}"), name))
    with pytest.raises(SystemExit) as ended:
        main([command, "--help"])
    assert ended.value.code == 0


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> list[argparse.Namespace]:
    """The arguments with which a command was run in place of the daemon."""
    seen: list[argparse.Namespace] = []

    def run(args: argparse.Namespace) -> int:
        seen.append(args)
        return 0

    daemon = importlib.import_module("museod.cli.daemon")
    monkeypatch.setattr(daemon, "serve", run)
    monkeypatch.setattr(daemon, "stdio", run)
    return seen


@pytest.mark.parametrize(
    ("words", "port"),
    [([], None), (["--port", "0"], 0), (["serve", "--port", "1"], 1), (["--reuse-port", "--port=2"], 2)],
)
def test_serve_is_the_default_command(
    words: list[str], port: int | None, ran: list[argparse.Namespace]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 0
    assert (ran[0].command, ran[0].port) == ("serve", port)


@pytest.mark.parametrize(
    "words",
    [
        ["frobnicate"],
        ["serve", "--port", "many"],
        ["serve", "--nonsense"],
        ["restart"],
        ["call"],
        ["token"],
        ["token", "--role", "guest", "--sub", "x"],
        ["stdio", "--role", "operator"],
        ["export"],
    ],
)
def test_words_that_mean_nothing_are_a_usage_error(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 2
    captured = capsys.readouterr()
    assert not captured.out
    assert "usage:" in captured.err


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (
            ConfigError([Fault("env", "MCP_HOST", "bad"), Fault("f.toml", "x", "worse")]),
            78,
            ["MCP_HOST", "worse"],
        ),
        (MuseodError("It is busy."), 1, ["museod: It is busy."]),
        (KeyboardInterrupt(), 130, []),
        (BrokenPipeError(), 130, []),
        (ExceptionGroup("", [ExceptionGroup("", [MuseodError("It is busy.")])]), 1, ["museod: It is busy."]),
    ],
)
def test_how_each_failure_ends(
    error: BaseException,
    code: int,
    said: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def fail(_: argparse.Namespace) -> int:
        raise error

    monkeypatch.setattr(importlib.import_module("museod.cli.daemon"), "serve", fail)
    with pytest.raises(SystemExit) as ended:
        main(["serve"])
    captured = capsys.readouterr()
    assert ended.value.code == code
    assert not captured.out
    assert all(text in captured.err for text in said)


@pytest.mark.parametrize(
    "bug", [ZeroDivisionError(), ExceptionGroup("", [MuseodError("It is busy."), ZeroDivisionError()])]
)
def test_a_bug_is_not_dressed_up(bug: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: argparse.Namespace) -> int:
        raise bug

    monkeypatch.setattr(importlib.import_module("museod.cli.daemon"), "serve", fail)
    with pytest.raises(type(bug)):
        main(["serve"])


def test_scopes_and_pairs_are_collected() -> None:
    token = build_parser().parse_args(
        ["token", "--role", "admin", "--sub", "a", "--scope", "x", "--scope", "y"]
    )
    assert token.scope == ["x", "y"]
    call = build_parser().parse_args(["call", "search", "query=a b", "limit=3"])
    assert (call.tool, call.arguments) == ("search", ["query=a b", "limit=3"])
