"""`museod token`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import pytest

from museod.access.principal import Role
from museod.access.tokens import SharedSecrets, TokenReader
from museod.cli.tokens import token

SECRET = "s" * 40


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MCP_STATE_DIR", str(tmp_path))
    monkeypatch.setenv("MCP_AUTH", "guest")
    monkeypatch.setenv("MCP_JWT_SECRET", f"{SECRET},{'o' * 40}")


def args(**changes: Any) -> argparse.Namespace:
    return argparse.Namespace(**{"role": "admin", "sub": "bob", "ttl": "1h", "scope": [], **changes})


def test_a_token_is_what_the_daemon_takes(capsys: pytest.CaptureFixture[str]) -> None:
    assert token(args(scope=["handover:agent"])) == 0
    [line] = capsys.readouterr().out.splitlines()
    caller = TokenReader([SharedSecrets([SECRET])]).read(line)
    assert (caller.sub, caller.role) == ("bob", Role.ADMIN)
    assert caller.has_scope("handover:agent")


@pytest.mark.parametrize(("ttl", "seconds"), [("90s", 90), ("15m", 900), ("1h", 3_600), ("30d", 2_592_000)])
def test_how_long_it_is_good(ttl: str, seconds: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert token(args(ttl=ttl)) == 0
    text = capsys.readouterr().out.strip()
    caller = TokenReader([SharedSecrets([SECRET])]).read(text)
    issued = TokenReader([SharedSecrets([SECRET])], now=lambda: (caller.expires_at or 0) - seconds)
    assert issued.read(text).sub == "bob"
    late = TokenReader([SharedSecrets([SECRET])], now=lambda: caller.expires_at or 0)
    with pytest.raises(Exception, match="time is over"):
        late.read(text)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"ttl": "forever"}, "--ttl"),
        ({"ttl": "1"}, "--ttl"),
        ({"ttl": "-1h"}, "--ttl"),
        ({"ttl": "1.5h"}, "--ttl"),
        ({"ttl": "0s"}, "time to live"),
        ({"sub": ""}, "sub"),
        ({"sub": "guest:eve"}, "guest:"),
        ({"scope": ["act_as"]}, "act_as"),
        ({"scope": ["no such"]}, "no such"),
    ],
)
def test_what_cannot_be_minted_is_a_usage_error(
    changes: dict[str, Any], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert token(args(**changes)) == 2
    captured = capsys.readouterr()
    assert not captured.out
    assert said in captured.err
    assert SECRET not in captured.err


def test_without_a_secret_there_is_no_token(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("MCP_JWT_SECRET")
    assert token(args()) == 78
    assert "MCP_JWT_SECRET" in capsys.readouterr().err
