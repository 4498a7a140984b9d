"""
What the administration sends: products as they are written, and how an import went.

Optional members that are not given are not sent, so the shop's own defaults hold.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from mcps.museo.models import Money, Status

LocalizedWrite = Annotated[
    dict[
        Annotated[str, Meta(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")],
        Annotated[str, Meta(max_length=20_000)],
    ],
    Meta(min_length=1),
]
Amount = Annotated[int, Meta(ge=0, le=10**12)]  # minor units; ten thousand million is no price
# An id, a SKU or a name that people read: longer ones are mistakes.
Name = Annotated[str, Meta(min_length=1, max_length=120)]
JobStatus = Literal["queued", "running", "succeeded", "failed", "partially_succeeded"]


class MoneyWrite(Struct, frozen=True, forbid_unknown_fields=True):
    """A price; whole minor units."""

    amount: Amount
    currency: Annotated[str, Meta(pattern=r"^[A-Z]{3}$")]


class ImageWrite(Struct, frozen=True, rename="camel", omit_defaults=True, forbid_unknown_fields=True):
    """A picture by its address."""

    url: Annotated[str, Meta(min_length=1, max_length=2_000)]
    alt: LocalizedWrite | UnsetType = UNSET
    position: Annotated[int, Meta(ge=0, le=1_000)] = 0
    variant_skus: Annotated[list[str], Meta(max_length=100)] = []


class AttributeWrite(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """One fact about a product."""

    key: Annotated[str, Meta(pattern=r"^[a-z0-9_]{1,40}$")]
    value: str | float | bool
    unit: Annotated[str, Meta(max_length=40)] = ""
    label: LocalizedWrite | UnsetType = UNSET


class VariantWrite(Struct, frozen=True, rename="camel", omit_defaults=True, forbid_unknown_fields=True):
    """One thing to sell; its SKU says whether it is new."""

    sku: Annotated[str, Meta(pattern=r"^[A-Za-z0-9._-]{1,64}$")]
    prices: Annotated[list[MoneyWrite], Meta(min_length=1, max_length=20)]
    options: dict[Name, Name] = {}
    compare_at_prices: Annotated[list[MoneyWrite], Meta(max_length=20)] = []
    stock: Annotated[int, Meta(ge=0, le=10**9)] = 0
    backorderable: bool = False
    barcode: str | UnsetType = UNSET
    weight_grams: Annotated[int, Meta(ge=0)] | UnsetType = UNSET
    attributes: Annotated[list[AttributeWrite], Meta(max_length=100)] = []


class ProductMasterWrite(Struct, frozen=True, rename="camel", omit_defaults=True, forbid_unknown_fields=True):
    """A product as it is written."""

    title: LocalizedWrite
    variants: Annotated[list[VariantWrite], Meta(min_length=1, max_length=100)]
    description: LocalizedWrite | UnsetType = UNSET
    slug: Annotated[str, Meta(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=120)] | UnsetType = UNSET
    brand: Annotated[str, Meta(max_length=120)] | UnsetType = UNSET
    status: Status | UnsetType = UNSET
    categories: Annotated[list[Name], Meta(max_length=50)] = []
    tags: Annotated[list[Name], Meta(max_length=100)] = []
    option_axes: Annotated[list[Name], Meta(max_length=3)] = []
    attributes: Annotated[list[AttributeWrite], Meta(max_length=100)] = []
    images: Annotated[list[ImageWrite], Meta(max_length=20)] = []
    external_ref: Annotated[str, Meta(max_length=200)] | UnsetType = UNSET


class ImportCounts(Struct, frozen=True):
    """What became of the rows so far."""

    rows: int = 0
    created: int = 0
    updated: int = 0
    skipped: int = 0
    failed: int = 0


class ImportFault(Struct, frozen=True, omit_defaults=True):
    """Why a row was not taken; `row` is its line in the file, counted from 1 with the header."""

    row: int = 0
    column: str = ""
    code: str = ""
    detail: str = ""


class ImportJob(Struct, frozen=True, rename="camel"):
    """An import; it is over when `finished_at` is set. At most 100 errors are told."""

    id: str
    status: JobStatus
    dry_run: bool
    counts: ImportCounts
    errors: list[ImportFault] = []
    started_at: str | UnsetType = UNSET
    finished_at: str | None = None

    @property
    def is_over(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.status not in ("queued", "running")


def prices(*moneys: Money) -> list[MoneyWrite]:
    """Prices that were read, to be written again."""
    return [MoneyWrite(money.amount, money.currency) for money in moneys]
