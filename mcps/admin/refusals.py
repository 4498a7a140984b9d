"""Refusals in words that help an administrator on; programs find the reason and the numbers beside them."""

from __future__ import annotations

from typing import Any

from mcps.museo.errors import ApiRejected
from museod.errors import ApiFailed, CallError, InvalidArguments

RIGHT = "change products"  # what only an administrator may do


class Refusal(ApiFailed):
    """The shop will not do it, and asking again the same way will not help."""

    retryable = False


def refusal(text: str, code: str, status: int, **more: Any) -> Refusal:
    """A refusal with the API's own code; `more` is for programs."""
    return Refusal(text, data={"apiCode": code, "apiStatus": status, **more})


def explained(error: ApiRejected, title: str) -> CallError:
    """`error` about the product called `title`, worded for an administrator; other codes stay as they are."""
    problem = error.problem
    match error.code:
        case "product_not_found":
            return refusal(f"I found no product called {title[:100]}.", error.code, 404)
        case "validation_failed":
            faults = [{"field": _field(fault.pointer), "detail": fault.detail} for fault in problem.errors]
            text = "; ".join(f"{fault['field']}: {fault['detail']}" for fault in faults) or error.message
            return InvalidArguments(
                f"The shop does not take this: {text}", data={"apiCode": error.code, "faults": faults}
            )
        case _:
            return error


def _field(pointer: str) -> str:
    return pointer.strip("/").replace("/", ".") or "product"
