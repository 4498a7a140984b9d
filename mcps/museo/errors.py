"""
What can go wrong between us and the shop, as errors that a tool may show.

Each is a `CallError` of museod's tree, so the kit turns it into a result with isError, its kind and its
remedy; a tool that knows better (a choice to offer, a number left in stock) catches `ApiRejected` by `code`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mcps.museo.models import Problem
from museod.errors import ApiFailed, Kind


class ApiError(ApiFailed):
    """The shop's API did not do what was asked."""


class ApiUnavailable(ApiError):
    """
    The API is away, overloaded, or answers nonsense; the same call may work later.

    `maybe_done` is true when a change was sent and its answer lost: look before doing it again.
    """

    def __init__(
        self,
        message: str = "The shop does not answer right now; please try again in a minute.",
        *,
        retry_after: float | None = None,
        maybe_done: bool = False,
        data: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message, retry_after=retry_after, data=data)
        self.maybe_done = maybe_done


class ApiLimited(ApiUnavailable):
    """The shop asked us to slow down, for longer than this call could wait."""

    kind = Kind.RATE_LIMIT_ERROR


class ApiRejected(ApiError):
    """The API understood and refused: `status` and `problem` say why, `code` is the word to branch on."""

    retryable = False

    def __init__(self, status: int, problem: Problem) -> None:
        super().__init__(problem.detail or problem.title, data={"apiStatus": status, "apiCode": problem.code})
        self.status = status
        self.problem = problem

    @property
    def code(self) -> str:
        """The API's stable word for what is wrong, such as `insufficient_stock`."""
        return self.problem.code


class ApiUnauthorized(ApiError):
    """The shop does not accept our service account, or not for this. An operator has to act."""

    retryable = False
