"""Reads a file as the process with limits does, in this process."""

from __future__ import annotations

import io
from typing import Any

import msgspec

from mcps.admin.intake.files import read_file
from mcps.admin.intake.report import Options, Report
from mcps.museo.writes import ProductMasterWrite


def read(text: str | bytes, **options: Any) -> tuple[Report, list[dict[str, Any]]]:
    """The report and the products, each of which fits the contract."""
    data = text.encode() if isinstance(text, str) else text
    report, products = read_file(io.BytesIO(data), Options(**options))
    for product in products:
        msgspec.json.decode(product, type=ProductMasterWrite)
    return report, [msgspec.json.decode(product) for product in products]
