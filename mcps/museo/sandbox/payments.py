"""
The hosted payment page, and the page of a parcel: plain HTML, without script.

Whoever has the link may pay, as with any payment link; nobody else may make their browser do it. The form
carries a token which only the page tells and which one sending uses up, and a form that comes from another
site is refused by its Origin. No card is asked for: this shop only plays.
"""

from __future__ import annotations

import hashlib
import hmac
import html
from urllib.parse import parse_qsl, urlsplit

from mcps.museo.models import Money, PaymentLink
from mcps.museo.sandbox.calls import Call, Route, media_type
from mcps.museo.sandbox.markup import page
from mcps.museo.sandbox.orders import MAX_ATTEMPTS, Placed
from mcps.museo.sandbox.problems import ProblemError, bad_request
from mcps.museo.sandbox.shop import Shop
from museod.transports.http1 import HttpResponse

FORM = "application/x-www-form-urlencoded"

_SAID = {
    "open": "Waiting for your payment",
    "paid": "Paid, thank you",
    "expired": "This link has expired; ask the shop for a new one",
    "cancelled": "This payment was cancelled; nothing was charged",
}


def show(shop: Shop, call: Call) -> HttpResponse:
    """The page of a link: what it costs and two buttons, or how it ended."""
    link, placed = shop.orders.link(call.parameters["id"])
    return page(call, f"Pay {placed.name}", _content(shop, link, placed))


def decide(shop: Shop, call: Call) -> HttpResponse:
    """
    Pay or decline, once; the browser is then sent back to the page.

    Declining cancels the order: its stock is free again and its lines are back in the basket.
    """
    _refuse_other_sites(call)
    link, placed = shop.orders.link(call.parameters["id"])
    fields = _read(call)
    if not hmac.compare_digest(fields.get("token", "").encode(), _token(shop, link, placed).encode()):
        raise bad_request("This form was used before or is not ours; open the link again.", status=403)
    if link.status != "open" or placed.record.attempts >= MAX_ATTEMPTS:
        raise ProblemError("order_not_payable", f"{placed.name} is {placed.status}; it cannot be paid.")
    choice = fields.get("choice")
    if choice not in ("pay", "decline"):
        raise bad_request("choice must be pay or decline.", pointer="/choice")
    shop.orders.attempt(placed)
    shop.orders.move(placed, "paid" if choice == "pay" else "cancelled", call.now)
    return HttpResponse(303, b"", [("Location", f"/pay/{link.id}"), ("Cache-Control", "no-store")])


def track(shop: Shop, call: Call) -> HttpResponse:
    """Where a parcel is."""
    found = shop.orders.track(call.parameters["number"])
    if found is None:
        raise ProblemError("order_not_found", "There is no parcel with this number.")
    parcel, placed = found
    rows = "".join(
        f"<tr><td>{html.escape(event.status)}</td><td>{html.escape(event.at)}</td></tr>"
        for event in placed.record.history
    )
    status = html.escape(parcel.status.replace("_", " "))
    arrival = html.escape(parcel.estimated_delivery or "unknown")
    return page(
        call,
        f"Parcel {parcel.tracking_number}",
        f'<p class="price">{status}</p><p>Expected on {arrival}</p><table>{rows}</table>',
    )


def _content(shop: Shop, link: PaymentLink, placed: Placed) -> str:
    record = placed.record
    rows = "".join(
        f"<tr><td>{line.quantity} × {html.escape(line.title)}</td><td>{_plain(line.line_total)}</td></tr>"
        for line in record.lines
    )
    parts = [
        f"<p>{html.escape(_SAID[link.status])}.</p>",
        f'<p class="price">{_plain(link.amount)}</p>',
        f"<table>{rows}<tr><td>Shipping</td><td>{_plain(record.totals.shipping)}</td></tr></table>",
    ]
    if link.status == "open":
        token = _token(shop, link, placed)
        parts.append(
            f'<form method="post" action="/pay/{link.id}"><input type="hidden" name="token" value="{token}">'
            '<button name="choice" value="pay">Pay</button> '
            '<button name="choice" value="decline" class="muted">Decline</button></form>'
            f'<p class="muted">Good until {html.escape(link.expires_at)}. Nothing is really charged.</p>'
        )
    elif record.return_url:
        back = html.escape(record.return_url)
        parts.append(f'<p><a rel="noopener noreferrer" href="{back}">Back to the shop</a></p>')
    return "".join(parts)


def _token(shop: Shop, link: PaymentLink, placed: Placed) -> str:
    """What the next form from this page must carry; each form that was taken changes it."""
    text = f"{link.id} {placed.record.attempts}"
    return hmac.new(shop.page_key, text.encode(), hashlib.sha256).hexdigest()


def _refuse_other_sites(call: Call) -> None:
    origin, site = call.headers.get("Origin"), call.headers.get("Sec-Fetch-Site")
    is_ours = origin is None or urlsplit(origin).netloc == (call.headers.get("Host") or "")
    if not is_ours or site not in (None, "same-origin"):
        raise bad_request("This form comes from another site; open the payment link itself.", status=403)


def _read(call: Call) -> dict[str, str]:
    if media_type(call) != FORM:
        raise ProblemError("unsupported_media_type", f"Send the content as {FORM}.")
    try:
        return dict(parse_qsl(call.body.decode("ascii"), errors="strict", max_num_fields=8))
    except ValueError:
        raise bad_request("The form cannot be read.") from None


def _plain(money: Money) -> str:
    return f"{money.amount // 100}.{money.amount % 100:02d} {money.currency}"


ROUTES = (
    Route("GET", "/pay/{id}", "getPaymentPage", show),
    Route("POST", "/pay/{id}", "sendPaymentPage", decide, writes=True),
    Route("GET", "/track/{number}", "getTrackingPage", track),
)
