"""Sessions of the handshake era."""

from __future__ import annotations

from trio.testing import MockClock

from museod.access.principal import Principal, Role, principal
from museod.gateway.sessions import IDLE_SECONDS, Session, Sessions, named_guest, new_session

ANN, BOB = principal("ann", Role.CUSTOMER), principal("bob", Role.CUSTOMER)
GUEST = principal("", Role.GUEST)


def opened(sessions: Sessions, caller: Principal = ANN) -> Session:
    session = new_session(caller)
    sessions.add(session)
    return session


async def test_a_session_is_found_by_whoever_made_it_and_by_nobody_else() -> None:
    sessions = Sessions()
    session = opened(sessions)
    assert sessions.find(session.id, ANN) is session
    assert sessions.find(session.id, BOB) is None
    assert sessions.find(session.id, principal("ann", Role.ADMIN)) is None
    assert sessions.find("", ANN) is None
    assert sessions.find(session.id, ANN) is session


async def test_ids_are_long_visible_and_never_the_same() -> None:
    ids = {new_session(ANN).id for _ in range(100)}
    assert len(ids) == 100
    assert all(len(id) >= 32 and id.isascii() and id.isprintable() for id in ids)


async def test_a_session_that_was_never_added_is_not_found() -> None:
    assert Sessions().find(new_session(ANN).id, ANN) is None


async def test_beyond_the_limit_the_longest_idle_one_goes() -> None:
    sessions = Sessions(limit=2)
    first, second = opened(sessions), opened(sessions)
    assert sessions.find(first.id, ANN)
    third = opened(sessions)
    assert len(sessions) == 2
    assert sessions.find(second.id, ANN) is None
    assert sessions.find(first.id, ANN) is first
    assert sessions.find(third.id, ANN) is third


async def test_somebody_elses_attempt_keeps_no_session_alive(mock_clock: MockClock) -> None:
    sessions = Sessions()
    session = opened(sessions)
    mock_clock.jump(IDLE_SECONDS - 1)
    assert sessions.find(session.id, BOB) is None
    mock_clock.jump(2)
    assert sessions.find(session.id, ANN) is None


async def test_use_keeps_a_session_alive_and_idling_ends_it(mock_clock: MockClock) -> None:
    sessions = Sessions()
    session = opened(sessions)
    for _ in range(3):
        mock_clock.jump(IDLE_SECONDS - 1)
        assert sessions.find(session.id, ANN) is session
    mock_clock.jump(IDLE_SECONDS + 1)
    opened(sessions, BOB)
    assert len(sessions) == 1
    assert sessions.find(session.id, ANN) is None


async def test_an_ended_session_is_gone_and_ending_twice_does_no_harm() -> None:
    sessions = Sessions()
    session = opened(sessions)
    sessions.end(session)
    sessions.end(session)
    assert sessions.find(session.id, ANN) is None


async def test_a_nameless_guest_gets_a_name_that_lasts_as_long_as_the_session() -> None:
    session = new_session(GUEST)
    assert session.caller.sub == f"guest:mcp-{session.id}"
    assert session.caller.role is Role.GUEST
    assert new_session(ANN).caller is ANN


def test_only_a_nameless_guest_is_named() -> None:
    assert named_guest(GUEST, "7").sub == "guest:mcp-7"
    for caller in (ANN, principal("guest:x", Role.GUEST), principal("", Role.SERVICE)):
        assert named_guest(caller, "7") is caller
