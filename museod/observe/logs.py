"""
The log: one JSON object per line on stderr, in the shape of the design document's LogEntry.

    {"timestamp", "level", "correlationId", "userId"?, "mcp"?, "message", "metadata"}

`message` is the name of an event in past-tense snake words (`child_restarted`), everything else is
metadata, masked by `museod.observe.redaction`. A log call never waits: lines go into a bounded queue that
one thread writes out, and what does not fit is dropped and counted. Usage in a module:

    log = get_logger()
    log.info("child_restarted", mcp="intent", attempt=2, delay=0.8)
"""

from __future__ import annotations

import atexit
import hashlib
import hmac
import logging
import re
import secrets
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol, cast

import msgspec
import structlog
from structlog.typing import EventDict, FilteringBoundLogger

from museod.observe import context
from museod.observe.redaction import redact_fields, redact_text
from museod.observe.writer import LineWriter, RawStream

LEVELS: Mapping[str, int] = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warn": logging.WARNING,
    "error": logging.ERROR,
}
_LEVEL_OF_METHOD = {
    "debug": "debug",
    "info": "info",
    "warning": "warn",
    "error": "error",
    "exception": "error",
    "critical": "error",
}

MAX_TRACE = 8_192  # characters of a traceback; its end is what tells

_encode = msgspec.json.Encoder().encode


class _Unqueued:
    """Writes at once; in force until `configure` was called, so that early lines are not lost."""

    def post(self, line: bytes) -> None:
        with open(2, "wb", buffering=0, closefd=False) as stderr:
            stderr.write(line + b"\n")


class _Sink(Protocol):
    def post(self, line: bytes) -> None: ...


class _Output:
    """The end of the structlog chain: takes finished lines and hands them to every sink."""

    def __init__(self) -> None:
        self.sink: _Sink = _Unqueued()
        self.tees: list[Callable[[bytes], None]] = []

    def msg(self, line: bytes) -> None:
        self.sink.post(line)
        for tee in self.tees:
            tee(line)

    debug = info = warning = error = critical = exception = msg


def _keyed_pseudonym(key: bytes) -> Callable[[str], str]:
    def pseudonym(user: str) -> str:
        return hmac.new(key, user.encode("utf-8", "replace"), hashlib.sha256).hexdigest()[:16]

    return pseudonym


_output = _Output()
# Until the state's keys are known, users get a name that holds for this process only.
_pseudonym = _keyed_pseudonym(secrets.token_bytes(32))
_pseudonyms: dict[str, str] = {}
_PSEUDONYMS_MAX = 4_096  # users active at one time; beyond it the cache starts anew
_shows_debug = False


def pseudonym_of(user: str) -> str:
    """The name under which the log knows `user`."""
    known = _pseudonyms.get(user)
    if known is None:
        known = _pseudonym(user)
        if len(_pseudonyms) >= _PSEUDONYMS_MAX:
            _pseudonyms.clear()
        _pseudonyms[user] = known
    return known


_second = (0, "")


def _timestamp() -> str:
    global _second
    now = time.time()
    whole = int(now)
    second, text = _second
    if second != whole:
        text = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(whole))
        _second = (whole, text)
    return f"{text}.{int((now - whole) * 1000):03d}Z"


def _tell_drops(count: int) -> bytes:
    return _encode(
        {
            "timestamp": _timestamp(),
            "level": "warn",
            "correlationId": "",
            "message": "log_lines_dropped",
            "metadata": {"count": count},
        }
    )


def _render(_: Any, method: str, event: EventDict) -> bytes:
    """The structlog processor: an event with its fields becomes one encoded LogEntry."""
    message = event.pop("event", "")
    exc_info = event.pop("exc_info", None)
    correlation = event.pop("correlation_id", None) or context.correlation_id.get()
    user = event.pop("user_id", None) or context.user_id.get()
    mcp = event.pop("mcp", None) or context.mcp.get()
    entry: dict[str, Any] = {
        "timestamp": _timestamp(),
        "level": _LEVEL_OF_METHOD.get(method, "info"),
        "correlationId": redact_text(str(correlation), 64),
    }
    if user:
        entry["userId"] = pseudonym_of(str(user))
    if mcp:
        entry["mcp"] = redact_text(str(mcp), 64)
    entry["message"] = redact_text(str(message))
    entry["metadata"] = metadata = redact_fields(event, pseudonym_of) if event else {}
    if exc_info:
        metadata["exception"] = _exception(exc_info)
    return _encode(entry)


def _exception(exc_info: Any) -> dict[str, str]:
    error = exc_info if isinstance(exc_info, BaseException) else None
    if error is None:
        error = exc_info[1] if isinstance(exc_info, tuple) else sys.exc_info()[1]
    if error is None:
        return {"type": "", "trace": ""}
    # Local variables stay out: they hold whatever the failing code held.
    lines = traceback.TracebackException.from_exception(error, limit=-20, max_group_depth=4).format()
    text = redact_text("".join(lines)[-2 * MAX_TRACE :], 2 * MAX_TRACE)
    return {"type": type(error).__name__, "trace": text[-MAX_TRACE:]}


class _Log:
    """
    The one logger of the process.

    Its methods are those of a structlog bound logger; `configure` exchanges them in place, so that modules
    may take the logger at import time and a call below the level costs one call of an empty function.
    """

    __slots__ = ("bind", "critical", "debug", "error", "exception", "info", "warn", "warning")


_log = _Log()
_METHODS = ("bind", "critical", "debug", "error", "exception", "info", "warn", "warning")


def get_logger() -> FilteringBoundLogger:
    """The process's logger; `bind(**fields)` gives one that adds fields to each line."""
    return cast(FilteringBoundLogger, _log)


def _use_level(level: str) -> None:
    global _shows_debug
    structlog.configure(
        processors=[_render],
        wrapper_class=structlog.make_filtering_bound_logger(LEVELS[level]),
        logger_factory=lambda *_: _output,
        cache_logger_on_first_use=False,
    )
    bound = structlog.get_logger().bind()
    for name in _METHODS:
        setattr(_log, name, getattr(bound, name))
    _shows_debug = level == "debug"


def configure(
    level: str = "info",
    stream: RawStream | None = None,
    *,
    pseudonym: Callable[[str], str] | None = None,
    on_drop: Callable[[int], None] | None = None,
) -> LineWriter:
    """
    Log from now on at `level` to `stream` (stderr), through a queue of its own; may be called again.

    Args:
        level: debug, info, warn or error.
        stream: a raw binary stream; it stays open.
        pseudonym: the keyed pseudonym of a user id, the same over restarts and nodes.
        on_drop: told of dropped lines, for a counter.

    Returns:
        The writer; its `close` flushes within a bound. It also runs at interpreter exit.
    """
    global _pseudonym
    if pseudonym is not None:
        _pseudonym = pseudonym
        _pseudonyms.clear()
    former = _output.sink
    writer = LineWriter(
        stream if stream is not None else open(2, "wb", buffering=0, closefd=False),  # noqa: SIM115
        on_drop=on_drop,
        tell_drops=_tell_drops,
    )
    _output.sink = writer
    _use_level(level)
    if isinstance(former, LineWriter):
        former.close()
        atexit.unregister(former.close)
    atexit.register(writer.close)
    return writer


def set_level(level: str) -> None:
    """Change the level of the running process; loggers made by `bind` before keep theirs."""
    _use_level(level)


def set_pseudonym(pseudonym: Callable[[str], str]) -> None:
    """Name users by `pseudonym` from now on; called once the state's keys are open."""
    global _pseudonym
    _pseudonym = pseudonym
    _pseudonyms.clear()


@contextmanager
def teed(sink: Callable[[bytes], None]) -> Iterator[None]:
    """While the block runs, `sink` gets every encoded line too; it must not block and must not log."""
    _output.tees = [*_output.tees, sink]
    try:
        yield
    finally:
        _output.tees = [tee for tee in _output.tees if tee is not sink]


def debug_text(text: str) -> str:
    """What a person wrote or was told: itself (masked) at level debug, else only its length."""
    return redact_text(text) if _shows_debug else f"<{len(text)} characters>"


class _ChildEntry(msgspec.Struct, rename="camel"):
    """A line that a child of ours logs in this very format."""

    level: str
    message: str
    correlation_id: str = ""
    metadata: dict[str, Any] = {}


_decode_child = msgspec.json.Decoder(_ChildEntry).decode
_EVENT = re.compile(r"[a-z][a-z0-9_]{1,63}")
_METHOD_OF_LEVEL: Mapping[str, str] = {"debug": "debug", "info": "info", "warn": "warning", "error": "error"}


# Names that mean something to the logger itself.
# Names that mean something to a log call, ours or structlog's, and not what a child says they mean.
_RESERVED = frozenset(
    {"event", "exc_info", "stack_info", "correlation_id", "user_id", "mcp", "self", "method_name"}
)


def relay_child_line(mcp: str, line: bytes) -> None:
    """
    Log what a child wrote to its stderr: one line, without its newline, bounded by the reader.

    A line in our own format keeps its level, event, correlation id and metadata (all checked and masked
    again: a child is not trusted; its pseudonyms are keyed otherwise and are left out). Any other becomes
    `child_wrote`.
    """
    if line.startswith(b"{"):
        try:
            entry = _decode_child(line)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            entry = None
        if entry is not None and entry.level in _METHOD_OF_LEVEL and _EVENT.fullmatch(entry.message):
            known = context.is_correlation_id(entry.correlation_id)
            fields = {key: value for key, value in entry.metadata.items() if key not in _RESERVED}
            method = getattr(_log, _METHOD_OF_LEVEL[entry.level])
            method(entry.message, mcp=mcp, correlation_id=entry.correlation_id if known else "", **fields)
            return
    text = line.decode("utf-8", "replace").strip()
    if text:
        get_logger().info("child_wrote", mcp=mcp, text=text)


_use_level("info")
