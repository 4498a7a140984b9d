"""The shop's refusals in words that help a shopper on; programs find the code and the numbers beside them."""

from __future__ import annotations

from typing import Any

from mcps.museo.errors import ApiRejected
from mcps.storefront.messages import message
from museod.errors import ApiFailed, CallError


class Refusal(ApiFailed):
    """The shop will not do it, and asking again the same way will not help."""

    retryable = False


def refusal(text: str, code: str, status: int, **more: Any) -> Refusal:
    """A refusal with the API's own code; `more` is for programs."""
    about = "sold_out" if code == "insufficient_stock" and not more.get("available") else code
    said = [message(about, text, type="error")]
    return Refusal(text, data={"apiCode": code, "apiStatus": status, "messages": said, **more})


def explained(error: ApiRejected, title: str) -> CallError:
    """`error` about the product called `title`, worded for the shopper; unknown codes stay as they are."""
    problem = error.problem
    match error.code:
        case "product_not_found" | "variant_not_found":
            return not_found(title)
        case "product_gone":
            return refusal(f"{title} is no longer sold. Shall I look for something similar?", error.code, 410)
        case "insufficient_stock":
            return out_of_stock(title, problem.available or 0)
        case "quantity_limit":
            limit = f"at most {problem.limit}" if problem.limit is not None else "fewer"
            more = {"limit": problem.limit} if problem.limit is not None else {}
            return refusal(
                f"You can order {limit} of {title}. Shall I add that many?", error.code, 422, **more
            )
        case _:
            return error


def not_found(title: str) -> Refusal:
    """Nobody knows the product."""
    return refusal(f'I do not know "{title[:100]}". Shall I search for it?', "product_not_found", 404)


def out_of_stock(title: str, available: int) -> Refusal:
    """Fewer are left than were asked for, maybe none."""
    text = f"Only {available} of {title} left. Shall I add {available} instead?"
    if not available:
        text = f"{title} is sold out. Choose another variant, or ask to be told when it is back."
    return refusal(text, "insufficient_stock", 409, available=available)
