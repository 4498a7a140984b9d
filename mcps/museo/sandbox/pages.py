"""What `url` of a product leads to: one plain page, without script and without anything from elsewhere."""

from __future__ import annotations

import base64
import hashlib
import html

from mcps.museo.models import Money, Product
from mcps.museo.sandbox import texts
from mcps.museo.sandbox.calls import Call, Route, json_reply
from mcps.museo.sandbox.shelf import check_currency
from mcps.museo.sandbox.shop import Shop
from museod import __version__
from museod.transports.http1 import HttpResponse

_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:46rem;padding:0 1rem;color:#222}"
    "img{float:right;width:16rem;max-width:45%;border-radius:12px;margin:0 0 1rem 1.5rem}"
    "table{border-collapse:collapse;clear:both}td,th{padding:.3rem 1rem .3rem 0;text-align:left}"
    ".price{font-size:1.4rem}.muted{color:#666}"
)
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode("ascii")
_POLICY = (
    f"default-src 'none'; img-src 'self'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)


def get_page(shop: Shop, call: Call) -> HttpResponse:
    """The page of one active product, in the reader's language."""
    currency = check_currency(call.query.text("currency"))
    product = shop.shelf.product(shop.shelf.for_sale(call.parameters["slug"]), call.locale, currency)
    headers = [
        ("Content-Type", "text/html; charset=utf-8"),
        ("Content-Language", call.locale),
        ("Vary", "Accept-Language"),
        ("Cache-Control", "no-cache"),
        ("Content-Security-Policy", _POLICY),
        ("X-Content-Type-Options", "nosniff"),
        ("Referrer-Policy", "no-referrer"),
    ]
    return HttpResponse(200, _render(product).encode(), headers)


def get_health(_shop: Shop, call: Call) -> HttpResponse:
    """That we are here."""
    return json_reply(call, 200, {"status": "ok", "version": __version__})


def _render(product: Product) -> str:
    say = html.escape
    picture = product.images[0].url.removeprefix(product.url.partition("/p/")[0]) if product.images else ""
    facts = [
        (attribute.label.get(product.locale, attribute.key), str(attribute.value))
        for attribute in product.attributes
    ]
    variants = [
        (variant.title or variant.sku, _plain(variant.price), str(variant.available))
        for variant in product.variants
    ]
    shelves = " / ".join(texts.category_name(c.slug, product.locale) for c in product.categories)
    return (
        f'<!doctype html><html lang="{say(product.locale)}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{say(product.title)}</title><style>{_STYLE}</style></head><body><main>"
        f'<img src="{say(picture)}" alt="{say(product.title)}">'
        f'<p class="muted">{say(shelves)}</p><h1>{say(product.title)}</h1>'
        f'<p class="muted">{say(product.brand or "")}</p><p class="price">{say(_range(product))}</p>'
        f"<p>{say(product.description)}</p>"
        f"<table>{''.join(_row(cells) for cells in facts)}</table>"
        f"<table>{''.join(_row(cells) for cells in variants)}</table></main></body></html>"
    )


def _row(cells: tuple[str, ...]) -> str:
    return "<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in cells) + "</tr>"


def _range(product: Product) -> str:
    low, high = product.price.min, product.price.max
    return _plain(low) if low == high else f"{_plain(low)} – {_plain(high)}"


def _plain(money: Money) -> str:
    return f"{money.amount // 100}.{money.amount % 100:02d} {money.currency}"


ROUTES = (
    Route("GET", "/p/{slug}", "getPage", get_page, query=("currency",)),
    Route("GET", "/health", "health", get_health),
)
