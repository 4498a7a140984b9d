"""What a tool is given besides its arguments."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field

from mcps.kit.caller import ANONYMOUS, Caller

Report = Callable[[float, float | None, str | None], None]

DEFAULT_LOCALE = "en"


def _nobody_listens(done: float, total: float | None, text: str | None) -> None:
    """The report of a call that gave no progress token."""


@dataclass(slots=True)
class Context:
    """
    One call: for whom, under which correlation id, and whom to tell about its progress.

    `is_confirmed` says that a person has said yes to exactly this call.
    """

    caller: Caller = ANONYMOUS
    correlation_id: str = ""
    _report: Report = _nobody_listens
    is_confirmed: bool = False
    _done: float = field(default=-1.0)

    def progress(self, done: float, total: float | None = None, text: str | None = None) -> None:
        """
        Tell the caller how far the work is; free of charge when nobody listens.

        Reports that do not go forward are dropped, since the protocol wants them strictly increasing.
        """
        if done <= self._done:
            return
        self._done = done
        self._report(done, total, text)

    def locale(self, asked: str = "") -> str:
        """The locale to answer in: what the arguments ask for, else the caller's, else English."""
        return asked or self.caller.locale or DEFAULT_LOCALE

    def idempotency_key(self, step: str, given: str = "") -> str:
        """
        The key under which a write of this call counts once.

        A key that the arguments give is made the caller's own, so that two users' equal keys never meet.
        Without one it derives from the turn that the gateway minted and from `step`, which names the write
        and its arguments: a repeated turn repeats the key. A call that belongs to no turn gets a new key.
        """
        seed = given or self.caller.turn_id
        if not seed:
            return secrets.token_hex(24)
        source = "\0".join(("given" if given else "turn", self.caller.sub, seed, "" if given else step))
        return hashlib.sha256(source.encode()).hexdigest()[:48]
