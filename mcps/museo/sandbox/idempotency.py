"""The memory of POSTs: the same Idempotency-Key has one effect, however often it comes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec

from mcps.museo.sandbox.calls import Call, Route
from mcps.museo.sandbox.problems import ProblemError
from mcps.museo.sandbox.state import State
from museod.transports.http1 import HttpResponse

MEMORY_SECONDS = 24 * 3600
REPLAYED = ("Idempotency-Replayed", "true")


class Idempotency:
    """
    Answers that were given, by account, shopper, operation and key.

    Only successes are remembered: a refusal had no effect, and the same request may succeed later.
    """

    def __init__(self, state: State) -> None:
        self._state = state
        self._running: set[tuple[str, str]] = set()

    @contextmanager
    def claimed(self, route: Route, call: Call, key: str) -> Iterator[HttpResponse | None]:
        """
        Hold the key while the block runs; yields the first answer if there was one.

        Raises:
            ProblemError: the key was used for another request, or its first request is still running.
        """
        scope = _scope(route, call)
        if (scope, key) in self._running:
            raise ProblemError(
                "idempotency_in_progress",
                "The first request with this key is still running; ask again in a second.",
                headers=[("Retry-After", "1")],
            )
        row = self._state.db.execute(
            "SELECT digest, status, headers, body FROM idempotency"
            " WHERE scope = ? AND key = ? AND made_at > ?",
            (scope, key, call.now.timestamp() - MEMORY_SECONDS),
        ).fetchone()
        if row is not None:
            if row[0] != _digest(call):
                detail = "This key was used for another request; take a new key for a new request."
                raise ProblemError("idempotency_key_reuse", detail)
            headers = msgspec.json.decode(row[2], type=list[tuple[str, str]])
            yield HttpResponse(row[1], row[3], [*headers, REPLAYED])
            return
        self._running.add((scope, key))
        try:
            yield None
        finally:
            self._running.discard((scope, key))

    def remember(self, route: Route, call: Call, key: str, response: HttpResponse) -> None:
        """Keep a success, in the transaction that made it; what is a day old goes."""
        if response.status >= 300:
            return
        db, now = self._state.db, call.now
        db.execute("DELETE FROM idempotency WHERE made_at <= ?", (now.timestamp() - MEMORY_SECONDS,))
        db.execute(
            "INSERT OR REPLACE INTO idempotency VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                _scope(route, call),
                key,
                _digest(call),
                response.status,
                msgspec.json.encode(response.headers),
                response.body,
                now.timestamp(),
            ),
        )


def _scope(route: Route, call: Call) -> str:
    return msgspec.json.encode([call.account, call.user, route.operation]).decode()


def _digest(call: Call) -> bytes:
    # The query too: a dry run is another request than the real one.
    return hashlib.sha256(b"\0".join([call.path.encode(), call.query.listing().encode(), call.body])).digest()
