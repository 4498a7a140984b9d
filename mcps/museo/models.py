"""
The shop's nouns as frozen structs: the client reads them, the sandbox writes them.

Field names follow Python; the API's camelCase exists in the JSON only. A reader ignores fields it does not
know, so that the shop may add some. Money is an integer of minor units with its currency, never a float, and
is not formatted here.
"""

from __future__ import annotations

from typing import Literal

from msgspec import UNSET, Struct, UnsetType

Localized = dict[str, str]  # locale -> text
Status = Literal["draft", "active", "archived"]
Availability = Literal["in_stock", "low_stock", "insufficient", "unavailable"]
OrderStatus = Literal[
    "pending_payment", "paid", "processing", "shipped", "delivered", "cancelled", "expired", "refunded"
]
LinkStatus = Literal["open", "paid", "expired", "cancelled"]
ShipmentStatus = Literal["label_created", "in_transit", "out_for_delivery", "delivered", "exception"]
ProviderKind = Literal["card", "wallet", "bank_transfer", "bnpl", "cash_on_delivery"]
AlertChannel = Literal["email", "sms", "whatsapp"]
Recommended = Literal["similar", "accessories", "bought_together"]


class Money(Struct, frozen=True):
    """An amount in minor units; how many digits they are is ISO 4217's affair."""

    amount: int
    currency: str


class Page(Struct, frozen=True):
    """Where a list goes on: `next` is the cursor of the following page. `total` is null past 10,000."""

    limit: int
    next: str | None = None
    total: int | None = None


class Image(Struct, frozen=True, rename="camel", omit_defaults=True):
    """A picture; with `variant_skus` it shows only those variants."""

    url: str
    alt: Localized = {}
    position: int = 0
    variant_skus: list[str] = []


class Attribute(Struct, frozen=True, omit_defaults=True):
    """One fact about a product, in a form that a program can use."""

    key: str
    value: str | float | bool
    unit: str = ""
    label: Localized = {}


class Category(Struct, frozen=True, rename="camel"):
    """A shelf; the tree is told by `parent_id`."""

    id: str
    slug: str
    name: str
    parent_id: str | None = None


class Categories(Struct, frozen=True):
    """All shelves, flat."""

    items: list[Category]


class Stock(Struct, frozen=True, rename="camel"):
    """What can be sold now (`available`) and what is held for open payments."""

    available: int
    reserved: int = 0
    backorderable: bool = False
    restock_at: str | None = None


# What a shopper sees: one locale, one currency, active products only.


class PriceRange(Struct, frozen=True):
    """The cheapest and the dearest variant."""

    min: Money
    max: Money


class Rating(Struct, frozen=True):
    """What shoppers gave, on average."""

    average: float
    count: int


class ProductVariant(Struct, frozen=True, rename="camel"):
    """One thing that can be put into a basket, by its SKU."""

    sku: str
    price: Money
    available: int
    title: str = ""
    options: dict[str, str] = {}
    compare_at: Money | None = None
    backorderable: bool = False


class Product(Struct, frozen=True, rename="camel"):
    """A product as the storefront shows it."""

    id: str
    slug: str
    title: str
    locale: str
    url: str
    price: PriceRange
    in_stock: bool
    variants: list[ProductVariant]
    description: str = ""
    brand: str | None = None
    categories: list[Category] = []
    attributes: list[Attribute] = []
    images: list[Image] = []
    rating: Rating | None = None
    option_axes: list[str] = []
    updated_at: str = ""


class ProductPage(Struct, frozen=True):
    """One page of products."""

    items: list[Product]
    page: Page


class FacetValue(Struct, frozen=True):
    """How many hits have this value."""

    value: str
    count: int


class SearchPage(Struct, frozen=True, rename="camel"):
    """
    One page of hits.

    `corrected_query` is the query that was really answered, when it is not the one that was asked.
    """

    items: list[Product]
    page: Page
    query: str = ""
    corrected_query: str | None = None
    suggestions: list[str] = []
    facets: dict[str, list[FacetValue]] = {}


# The basket of one shopper.


class BasketLine(Struct, frozen=True, rename="camel"):
    """One SKU in a basket."""

    id: str
    sku: str
    product_id: str
    title: str
    quantity: int
    unit_price: Money
    line_total: Money
    availability: Availability
    options: dict[str, str] = {}
    image_url: str | None = None


class Totals(Struct, frozen=True, rename="camel"):
    """What the basket costs. With `tax_included`, `tax` is the part of `total` that is tax."""

    subtotal: Money
    discount: Money
    shipping: Money
    tax: Money
    total: Money
    tax_included: bool = False


class Notice(Struct, frozen=True, rename="camel", omit_defaults=True):
    """What changed since the shopper put a line in: price_changed, quantity_reduced, line_unavailable."""

    code: str
    line_id: str = ""
    detail: str = ""


class Basket(Struct, frozen=True, rename="camel"):
    """A shopper's open basket. `version` goes into If-Match of every change."""

    id: str
    version: int
    owner: str
    currency: str
    lines: list[BasketLine]
    totals: Totals
    item_count: int
    updated_at: str
    notices: list[Notice] = []
    expires_at: str | None = None


# From the basket to the door.


class Address(Struct, frozen=True, rename="camel", omit_defaults=True, forbid_unknown_fields=True):
    """Where the goods go; `country` is ISO 3166 alpha-2."""

    name: str
    line1: str
    city: str
    country: str
    line2: str = ""
    postal_code: str = ""
    region: str = ""
    phone: str = ""


class CheckoutRequest(Struct, frozen=True, rename="camel", omit_defaults=True, forbid_unknown_fields=True):
    """What turns a basket into an order."""

    basket_id: str
    basket_version: int
    provider: str | UnsetType = UNSET
    email: str | UnsetType = UNSET
    shipping_address: Address | UnsetType = UNSET
    return_url: str | UnsetType = UNSET
    expected_total: Money | UnsetType = UNSET


class Shipment(Struct, frozen=True, rename="camel"):
    """One parcel on its way."""

    carrier: str = ""
    tracking_number: str = ""
    tracking_url: str = ""
    status: ShipmentStatus = "label_created"
    estimated_delivery: str | None = None


class OrderEvent(Struct, frozen=True):
    """A status that the order reached, and when."""

    status: OrderStatus
    at: str


class Order(Struct, frozen=True, rename="camel"):
    """An order; its lines are a copy that later changes of the catalogue do not touch."""

    id: str
    number: str
    status: OrderStatus
    lines: list[BasketLine]
    totals: Totals
    created_at: str
    updated_at: str
    shipments: list[Shipment] = []
    history: list[OrderEvent] = []


class OrderPage(Struct, frozen=True):
    """One page of orders, newest first."""

    items: list[Order]
    page: Page


class PaymentLink(Struct, frozen=True, rename="camel"):
    """Where the shopper pays; the shop never sees the card, and neither do we."""

    id: str
    url: str
    provider: str
    amount: Money
    status: LinkStatus
    expires_at: str


class Checkout(Struct, frozen=True, rename="camel"):
    """The order that a checkout made, and the link to pay it."""

    order: Order
    payment_link: PaymentLink


class PaymentProvider(Struct, frozen=True, rename="camel", omit_defaults=True):
    """Who can take a payment, and between which amounts."""

    id: str
    name: str
    kind: ProviderKind
    currencies: list[str]
    countries: list[str] = []
    min_amount: Money | UnsetType = UNSET
    max_amount: Money | UnsetType = UNSET


class PaymentProviders(Struct, frozen=True):
    """All that fit."""

    items: list[PaymentProvider]


class StockAlert(Struct, frozen=True, rename="camel", omit_defaults=True):
    """A promise to tell a shopper when a SKU is back."""

    id: str
    expires_at: str = ""


# What the administration sees: every locale, every currency, drafts and archived ones too.


class Variant(Struct, frozen=True, rename="camel"):
    """A variant with all its prices."""

    id: str
    sku: str
    prices: list[Money]
    stock: Stock
    options: dict[str, str] = {}
    compare_at_prices: list[Money] = []
    barcode: str | None = None
    attributes: list[Attribute] = []


class ProductMaster(Struct, frozen=True, rename="camel"):
    """A product with everything that can be edited. `version` goes into If-Match of every change."""

    id: str
    version: int
    status: Status
    title: Localized
    slug: str
    variants: list[Variant]
    created_at: str
    updated_at: str
    description: Localized = {}
    brand: str | None = None
    categories: list[str] = []
    tags: list[str] = []
    option_axes: list[str] = []
    attributes: list[Attribute] = []
    images: list[Image] = []
    external_ref: str | None = None
    archived_at: str | None = None


class MasterPage(Struct, frozen=True):
    """One page of product masters."""

    items: list[ProductMaster]
    page: Page


# What goes wrong, and who may do what.


class ProblemField(Struct, frozen=True, omit_defaults=True):
    """One fault in a request, by JSON Pointer."""

    pointer: str
    detail: str
    code: str = ""


class Problem(Struct, frozen=True, rename="camel", omit_defaults=True):
    """An RFC 9457 problem; `code` is the stable word for programs."""

    type: str
    title: str
    status: int
    code: str
    detail: str = ""
    errors: list[ProblemField] = []
    available: int | None = None
    limit: int | None = None
    current_version: int | None = None
    correlation_id: str = ""
    error: str = ""


class TokenReply(Struct, frozen=True):
    """The token endpoint's answer (RFC 6749, 5.1)."""

    access_token: str
    token_type: str
    expires_in: int
    scope: str = ""
