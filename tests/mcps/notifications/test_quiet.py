"""When nobody wants to hear from a shop."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from mcps.notifications.quiet import QuietHours, read_quiet_hours
from museod.errors import ConfigError

BERLIN = ZoneInfo("Europe/Berlin")


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN).timestamp()


@pytest.mark.parametrize(
    ("now", "end"),
    [
        ("2026-01-10T20:59:59", None),
        ("2026-01-10T21:00:00", "2026-01-11T08:00:00"),
        ("2026-01-11T03:00:00", "2026-01-11T08:00:00"),
        ("2026-01-11T08:00:00", None),
        ("2026-03-28T23:00:00", "2026-03-29T08:00:00"),  # the night in which clocks go forward
        ("2026-10-24T23:00:00", "2026-10-25T08:00:00"),  # and back
    ],
)
def test_the_night_ends_in_the_morning(now: str, end: str | None) -> None:
    hours = read_quiet_hours("21:00-08:00 Europe/Berlin")
    assert hours is not None
    assert hours.end(at(now)) == (None if end is None else at(end))


def test_a_span_within_a_day_ends_that_day() -> None:
    hours = read_quiet_hours("12:00-14:00 Europe/Berlin")
    assert hours is not None
    assert hours.end(at("2026-01-10T13:00:00")) == at("2026-01-10T14:00:00")
    assert hours.end(at("2026-01-10T14:00:01")) is None


def test_without_a_zone_the_machines_own_holds() -> None:
    hours = read_quiet_hours("21:00-08:00")
    assert hours == QuietHours(hours.begins, hours.ends, None) if hours else False
    here = datetime(2026, 1, 10, 23, 0).timestamp()  # noqa: DTZ001 - the machine's own zone
    assert hours is not None
    assert hours.end(here) == datetime(2026, 1, 11, 8, 0).timestamp()  # noqa: DTZ001


def test_off_is_off() -> None:
    assert read_quiet_hours(" OFF ") is None


@pytest.mark.parametrize(
    "text",
    ["", "21-8", "24:00-08:00", "21:00-21:00", "21:00-08:00 Nowhere/City", "21:00-08:00 ../../etc/passwd"],
)
def test_what_says_no_hours_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="MCP_QUIET_HOURS"):
        read_quiet_hours(text)


def test_the_same_moment_is_quiet_in_one_zone_only() -> None:
    noon = datetime(2026, 1, 10, 12, 0, tzinfo=UTC).timestamp()
    tokyo, berlin = read_quiet_hours("21:00-08:00 Asia/Tokyo"), read_quiet_hours("21:00-08:00 Europe/Berlin")
    assert tokyo is not None
    assert berlin is not None
    assert tokyo.end(noon) is not None
    assert berlin.end(noon) is None
