"""What the API refuses, and how: RFC 9457 problems with the contract's closed list of codes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from mcps.museo import models
from museod.observe.context import correlation_id
from museod.transports.http1 import HttpResponse

# code -> (status, title). The list is closed: a client may branch on every one of them.
CODES: Mapping[str, tuple[int, str]] = {
    "invalid_request": (400, "The request is malformed"),
    "validation_failed": (422, "The content is not valid"),
    "invalid_client": (401, "The service account is not accepted"),
    "invalid_token": (401, "The access token is not accepted"),
    "insufficient_scope": (403, "The access token does not allow this"),
    "product_not_found": (404, "No such product"),
    "product_gone": (410, "The product is no longer sold"),
    "variant_not_found": (404, "No such variant"),
    "basket_line_not_found": (404, "No such line in this basket"),
    "order_not_found": (404, "No such order"),
    "insufficient_stock": (409, "There is not enough in stock"),
    "quantity_limit": (422, "That is more than one order may hold"),
    "basket_empty": (409, "The basket is empty"),
    "basket_version_conflict": (412, "The basket has changed"),
    "price_changed": (409, "A price has changed"),
    "order_not_payable": (409, "The order cannot be paid any more"),
    "provider_unavailable": (503, "The payment provider does not answer"),
    "sku_taken": (409, "The SKU is taken"),
    "slug_taken": (409, "The slug is taken"),
    "version_conflict": (412, "The product has changed"),
    "precondition_required": (428, "The request must say which version it changes"),
    "idempotency_key_reuse": (422, "The Idempotency-Key was used for another request"),
    "idempotency_in_progress": (409, "The first request with this Idempotency-Key is still running"),
    "import_unreadable": (422, "The file cannot be read"),
    "payload_too_large": (413, "The content is too large"),
    "unsupported_media_type": (415, "The content type is not supported"),
    "rate_limited": (429, "Too many requests"),
    "internal": (500, "Something failed in the shop"),
    "unavailable": (503, "The shop is not available"),
}
_TYPE_BASE = "https://museo.example/problems/"


class ProblemError(Exception):
    """A refusal on its way to the client; `response()` is its HTTP form."""

    def __init__(
        self,
        code: str,
        detail: str,
        *,
        status: int | None = None,
        pointers: Sequence[tuple[str, str]] = (),
        headers: Sequence[tuple[str, str]] = (),
        **members: Any,
    ) -> None:
        super().__init__(detail)
        self.code = code
        self.status = status or CODES[code][0]
        self.detail = detail
        self.pointers = pointers
        self.headers = list(headers)
        self._members = members

    def response(self) -> HttpResponse:
        """The problem document, with the correlation id of the request at hand."""
        problem = models.Problem(
            type=_TYPE_BASE + self.code.replace("_", "-"),
            title=CODES[self.code][1],
            status=self.status,
            code=self.code,
            detail=self.detail,
            errors=[models.ProblemField(pointer, detail) for pointer, detail in self.pointers],
            correlation_id=correlation_id.get(),
            **self._members,
        )
        headers = [("Content-Type", "application/problem+json"), ("Cache-Control", "no-store")]
        return HttpResponse(self.status, msgspec.json.encode(problem), [*headers, *self.headers])


def bad_request(detail: str, *, pointer: str = "", status: int = 400) -> ProblemError:
    """The request cannot be understood; `pointer` names the parameter."""
    return ProblemError(
        "invalid_request", detail, status=status, pointers=[(pointer, detail)] if pointer else ()
    )


def invalid(pointer: str, detail: str) -> ProblemError:
    """The content was understood and breaks a rule."""
    return ProblemError("validation_failed", detail, pointers=[(pointer, detail)])
