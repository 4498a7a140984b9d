"""The hours in which nobody wants to hear from a shop."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from museod.errors import ConfigError, Fault

# Nine in the evening to eight in the morning: what codes of advertising allow at the widest.
DEFAULT = "21:00-08:00"
_FORM = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])-([01][0-9]|2[0-3]):([0-5][0-9])(?: +(\S{1,64}))?")


@dataclass(frozen=True, slots=True)
class QuietHours:
    """
    A span of every day; over midnight when it ends before it begins.

    The zone is the shop's, not the person's, whose own we do not know. None is the machine's.
    """

    begins: time
    ends: time
    zone: ZoneInfo | None = None

    def end(self, now: float) -> float | None:
        """When the quiet hours that hold at `now` are over, or None while people may be written to."""
        here = datetime.fromtimestamp(now, self.zone)  # noqa: DTZ005, RUF100 - None is the machine's zone
        clock = here.time()
        if self.begins < self.ends:
            is_quiet, days = self.begins <= clock < self.ends, 0
        else:
            is_quiet, days = clock >= self.begins or clock < self.ends, int(clock >= self.begins)
        if not is_quiet:
            return None
        day = here.date() + timedelta(days=days)
        return datetime.combine(day, self.ends, tzinfo=self.zone).timestamp()


def read_quiet_hours(text: str) -> QuietHours | None:
    """
    The hours of MCP_QUIET_HOURS, None for "off".

    Raises:
        ConfigError: the text is none of these.
    """
    if text.strip().lower() == "off":
        return None
    match = _FORM.fullmatch(text.strip())
    begins = ends = time(0)
    zone: ZoneInfo | None = None
    if match is not None:
        begins, ends = time(int(match[1]), int(match[2])), time(int(match[3]), int(match[4]))
        try:
            zone = ZoneInfo(match[5]) if match[5] else None
        except (KeyError, ValueError, OSError):
            match = None
    if match is None or begins == ends:
        remedy = (
            'write two different times, and a time zone if you like: "21:00-08:00 Europe/Berlin", or "off"'
        )
        raise ConfigError([Fault("environment", "MCP_QUIET_HOURS", remedy)])
    return QuietHours(begins, ends, zone)
