"""The handshake of the legacy era, as a table."""

from __future__ import annotations

import json
from typing import Any

import pytest

from museod.wire.handshake import Handshake, Stage
from museod.wire.messages import INVALID_PARAMS, INVALID_REQUEST, Malformed


def initialize(**changes: Any) -> bytes:
    return json.dumps(
        {
            "protocolVersion": "2025-06-18",
            "capabilities": {"roots": {}},
            "clientInfo": {"name": "c", "version": "1"},
            **changes,
        }
    ).encode()


def at(stage: Stage) -> Handshake:
    handshake = Handshake()
    if stage is not Stage.NEW:
        handshake.agree(initialize())
    if stage is Stage.OPEN:
        handshake.notified("notifications/initialized")
    assert handshake.stage is stage
    return handshake


@pytest.mark.parametrize(
    ("stage", "method", "may"),
    [
        (Stage.NEW, "initialize", True),
        (Stage.NEW, "ping", True),
        (Stage.NEW, "tools/list", False),
        (Stage.NEW, "notifications/initialized", False),
        (Stage.AGREED, "initialize", False),
        (Stage.AGREED, "ping", True),
        (Stage.AGREED, "tools/list", True),
        (Stage.OPEN, "initialize", False),
        (Stage.OPEN, "ping", True),
        (Stage.OPEN, "tools/call", True),
    ],
)
def test_which_request_may_come_when_and_that_asking_moves_nothing(
    stage: Stage, method: str, may: bool
) -> None:
    handshake = at(stage)
    if may:
        handshake.admit(method)
    else:
        with pytest.raises(Malformed) as caught:
            handshake.admit(method)
        assert caught.value.code == INVALID_REQUEST
    assert handshake.stage is stage


@pytest.mark.parametrize(
    ("stage", "method", "then"),
    [
        (Stage.NEW, "notifications/initialized", Stage.NEW),
        (Stage.NEW, "initialize", Stage.NEW),
        (Stage.NEW, "tools/list", Stage.NEW),
        (Stage.AGREED, "notifications/initialized", Stage.OPEN),
        (Stage.AGREED, "notifications/cancelled", Stage.AGREED),
        (Stage.AGREED, "initialize", Stage.AGREED),
        (Stage.OPEN, "notifications/initialized", Stage.OPEN),
        (Stage.OPEN, "initialize", Stage.OPEN),
    ],
)
def test_what_a_notification_moves(stage: Stage, method: str, then: Stage) -> None:
    handshake = at(stage)
    handshake.notified(method)
    assert handshake.stage is then


@pytest.mark.parametrize(
    ("asked", "agreed"),
    [
        ("2025-11-25", "2025-11-25"),
        ("2025-06-18", "2025-06-18"),
        ("2025-03-26", "2025-03-26"),
        ("2024-11-05", "2024-11-05"),
        ("2026-07-28", "2025-11-25"),
        ("1999-01-01", "2025-11-25"),
        ("", "2025-11-25"),
    ],
)
def test_what_is_agreed_on(asked: str, agreed: str) -> None:
    handshake = Handshake()
    assert handshake.agree(initialize(protocolVersion=asked)) == agreed == handshake.revision
    assert set(handshake.capabilities) == {"roots"}
    assert bytes(handshake.client_info["name"]) == b'"c"'


@pytest.mark.parametrize(
    "params",
    [
        b"",
        b"{}",
        initialize(protocolVersion=1),
        initialize(capabilities=None),
        initialize(capabilities=[]),
        initialize(clientInfo="me"),
    ],
)
def test_an_initialize_that_does_not_fit_leaves_the_client_free_to_try_again(params: bytes) -> None:
    handshake = Handshake()
    with pytest.raises(Malformed) as caught:
        handshake.agree(params)
    assert caught.value.code == INVALID_PARAMS
    handshake.admit("initialize")
    handshake.agree(initialize())
    assert handshake.stage is Stage.AGREED
