"""What the process with limits is told, and what it says in the first line of its answer."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from mcps.admin.intake.table import Fault


class Options(Struct, frozen=True):
    """How to read: `format` and `charset` as the sender declared them, the caller's mapping, the ground."""

    format: str = ""
    charset: str = ""
    mapping: dict[str, str] = {}
    currency: str = "EUR"
    locale: str = "en"


class Report(Struct, frozen=True):
    """
    How a file was read.

    `lines` are those of the products, in the order in which they follow as JSON Lines. `faults` are the first
    of `failed` refused rows. A `refusal` stands alone.
    """

    columns: list[str] = []
    mapping: dict[str, str] = {}
    details: dict[str, str] = {}
    rows: int = 0
    failed: int = 0
    lines: list[int] = []
    faults: list[Fault] = []
    samples: list[dict[str, Any]] = []
    refusal: str = ""
    code: str = ""
