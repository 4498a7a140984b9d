"""
The strict rules for one HTTP/1 request head; no I/O.

Two judges must accept a head: the rules here, on the raw bytes, and llhttp (httptools). Whatever two
readers could understand differently is refused, because behind a proxy such a difference is a smuggled
request (RFC 9112, sections 5, 6 and 11.2).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import httptools

T = TypeVar("T")

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

# These three are the grammar's `tchar`, what a field value may hold, and a whole field line.
_TOKEN = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]"
FIELD_VALUE = rb"[\t\x20-\x7e\x80-\xff]"
FIELD_LINE = rb"(?:%b++:%b*+\r\n)" % (_TOKEN, FIELD_VALUE)
_HEAD = re.compile(rb"(%b++) ([\x21-\x7e]++) HTTP/1\.([01])\r\n%b*+\r\n" % (_TOKEN, FIELD_LINE))
_LINE_OF_ANY_VERSION = re.compile(rb"%b++ [\x21-\x7e]++ HTTP/[0-9]\.[0-9]" % _TOKEN)
BARE_LF = re.compile(rb"(?<!\r)\n")
_BARE_CR = re.compile(rb"\r(?!\n)")
_LENGTH = re.compile(r"[0-9]{1,15}")  # 15 digits hold a petabyte; more is an overflow test
_HOST = re.compile(r"(?:[A-Za-z0-9._-]++|\[[0-9A-Fa-f:.]++\])(?::[0-9]{1,5})?")
_ABSOLUTE = re.compile(r"https?://([^/?#]*)(/[^?#]*)?(\?[^#]*)?", re.IGNORECASE)
_NO_CALLBACKS = object()  # llhttp judges and tells nothing
_DOT_SEGMENT = re.compile(r"/(?:\.|%2e){1,2}(?:/|$)", re.IGNORECASE)


class Refused(Exception):
    """
    The request is answered with `status` and the connection closed.

    `message` says what is wrong and what to do; it holds nothing of what came.
    """

    def __init__(self, status: int, message: str, headers: Sequence[tuple[str, str]] = ()) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.headers = tuple(headers)


class Headers:
    """
    Header fields in order; names are case-insensitive, values stripped and latin-1 decoded.

    Args:
        items: the fields; they never change.
    """

    __slots__ = ("_by_name", "_derived", "_items")

    def __init__(self, items: Sequence[tuple[str, str]] = ()) -> None:
        self._items = list(items)
        self._by_name: dict[str, list[str]] = {}
        self._derived: dict[Callable[[Headers], Any], Any] = {}
        for name, value in self._items:
            self._by_name.setdefault(name.lower(), []).append(value)

    def get(self, name: str) -> str | None:
        """The first value of `name`, or None."""
        values = self._by_name.get(name.lower())
        return values[0] if values else None

    def get_all(self, name: str) -> list[str]:
        """All values of `name`, one per header line."""
        return list(self._by_name.get(name.lower(), ()))

    def items(self) -> list[tuple[str, str]]:
        """All fields as they were sent."""
        return list(self._items)

    def tokens(self, name: str) -> list[str]:
        """The members of a comma-separated field, lower case, over all its lines."""
        values = self._by_name.get(name.lower(), ())
        return [token for value in values for part in value.split(",") if (token := part.strip().lower())]

    def derived(self, read: Callable[[Headers], T]) -> T:
        """
        `read(self)`, remembered unless it raises.

        For what depends on these fields and on nothing that changes: a connection that sends the same head
        again gets the same `Headers`, so that its fields are read and judged once.
        """
        if read in self._derived:
            known: T = self._derived[read]
            return known
        found = self._derived[read] = read(self)
        return found

    def __repr__(self) -> str:
        return f"Headers({[name for name, _ in self._items]})"  # values may be secrets


@dataclass(slots=True, frozen=True)
class Head:
    """
    A request head that passed all rules, and the `raw` bytes that it was.

    `path` is still percent-encoded. Where the body ends says `is_chunked`, or else `length` (0: no body).
    """

    method: str
    target: str
    path: str
    query: str
    headers: Headers
    is_http_10: bool
    length: int
    is_chunked: bool
    keeps_alive: bool
    expects_continue: bool
    raw: bytes = field(repr=False)  # may hold secrets


def check_partial(head: bytes | bytearray) -> None:
    """
    Refuse an unfinished head that can no longer become a good one, rather than wait for its deadline.

    Raises:
        Refused: bare line ends, or a first line that is no HTTP/1 request line.
    """
    if BARE_LF.search(head):
        raise Refused(400, "Lines of a request end with CR LF, not with LF alone.")
    line, separator, _ = bytes(head).partition(b"\r\n")
    if separator:
        _check_line(line)
    elif line and not re.match(_TOKEN, line):
        raise Refused(400, "This is no HTTP request; this port speaks plain HTTP/1.1.")


def parse_head(head: bytes, *, max_headers: int) -> Head:
    """
    A request head from its raw bytes, including the blank line at its end.

    Raises:
        Refused: with the status to answer.
    """
    # Every line and the blank one end with CR LF: the request line and the blank line are no headers.
    if head.count(b"\n") - 2 > max_headers:
        raise Refused(431, f"The request has more than {max_headers} headers; send fewer.")
    match = _HEAD.fullmatch(head)
    if match is None:
        raise _explain(head)
    try:
        httptools.HttpRequestParser(_NO_CALLBACKS).feed_data(head)
    except httptools.HttpParserUpgrade:
        pass  # the handler decides about upgrades; what follows the head is read by our own rules
    except httptools.HttpParserInvalidMethodError:
        raise Refused(501, "This method is not implemented here.") from None
    except httptools.HttpParserError:
        raise Refused(400, "The request head is malformed; see RFC 9112.") from None
    method = match[1].decode("ascii")
    if method not in METHODS:
        raise Refused(501, "This method is not implemented here.")
    # Both agree on where each field is; cutting them here costs half of what a callback for each does.
    lines = head.decode("latin-1").split("\r\n")[1:-2]
    headers = Headers(
        [(name, value.strip(" \t")) for name, _, value in (line.partition(":") for line in lines)]
    )
    is_http_10 = match[3] == b"0"
    host = _check_host(headers, is_http_10)
    target = match[2].decode("ascii")
    path, query = _split_target(target, method, host)
    length, is_chunked = _body_framing(headers, is_http_10)
    connection = headers.tokens("connection")
    return Head(
        method=method,
        target=target,
        path=path,
        query=query,
        headers=headers,
        is_http_10=is_http_10,
        length=length,
        is_chunked=is_chunked,
        keeps_alive="close" not in connection and (not is_http_10 or "keep-alive" in connection),
        expects_continue=_check_expect(headers) and not is_http_10,
        raw=head,
    )


def _explain(head: bytes) -> Refused:
    """Why the strict grammar did not match."""
    if BARE_LF.search(head) or _BARE_CR.search(head):
        return Refused(400, "Lines of a request end with CR LF; neither may stand alone.")
    line, _, fields = head.partition(b"\r\n")
    try:
        _check_line(line)
    except Refused as refused:
        return refused
    if fields.startswith((b" ", b"\t")) or b"\r\n " in fields or b"\r\n\t" in fields:
        return Refused(400, "A header is folded over two lines; send it on one.")
    return Refused(400, "A header is malformed: its form is `Name: value`, without control characters.")


def _check_line(line: bytes) -> None:
    if not line:
        raise Refused(400, "A request begins with its request line, not with an empty one.")
    if _LINE_OF_ANY_VERSION.fullmatch(line) is None:
        raise Refused(400, "The request line is malformed: its form is `METHOD /path HTTP/1.1`, in ASCII.")
    if line[-8:] not in (b"HTTP/1.1", b"HTTP/1.0"):
        raise Refused(505, "Only HTTP/1.1 and HTTP/1.0 are spoken here.")


def _check_host(headers: Headers, is_http_10: bool) -> str:
    hosts = headers.get_all("host")
    if not hosts and is_http_10:
        return ""  # HTTP/1.0 knows no Host; load balancers probe /health like this
    if len(hosts) != 1 or _HOST.fullmatch(hosts[0]) is None:
        raise Refused(400, "A request has exactly one Host header, with a host name and perhaps a port.")
    return hosts[0]


def _split_target(target: str, method: str, host: str) -> tuple[str, str]:
    """Path and query of origin-form, of absolute-form for our own host, and of `OPTIONS *`."""
    if "#" in target:
        raise Refused(400, "A request target has no fragment.")
    if target[0] == "/":
        path, _, query = target.partition("?")
    elif target == "*" and method == "OPTIONS":
        return "*", ""
    else:
        absolute = _ABSOLUTE.fullmatch(target)
        if absolute is None or not host or absolute[1].lower() != host.lower():
            raise Refused(400, "The request target is a path; this is no proxy for other hosts.")
        path, query = absolute[2] or "/", (absolute[3] or "?")[1:]
    if _DOT_SEGMENT.search(path):
        raise Refused(400, "The path has dot segments; resolve them before sending.")
    return path, query


def _body_framing(headers: Headers, is_http_10: bool) -> tuple[int, bool]:
    lengths = headers.get_all("content-length")
    codings = headers.get_all("transfer-encoding")
    if codings:
        if lengths:
            raise Refused(400, "Send either Content-Length or Transfer-Encoding, never both.")
        if is_http_10:
            raise Refused(400, "HTTP/1.0 has no Transfer-Encoding.")
        if len(codings) != 1 or codings[0].lower() != "chunked":
            raise Refused(501, "The only transfer coding understood here is `chunked`, once and alone.")
    elif lengths and (len(lengths) != 1 or _LENGTH.fullmatch(lengths[0]) is None):
        raise Refused(400, "Content-Length is one decimal number.")
    encoding = headers.tokens("content-encoding")
    if encoding and encoding != ["identity"]:
        raise Refused(415, "Send the body without Content-Encoding.", [("Accept-Encoding", "identity")])
    return (int(lengths[0]) if lengths else 0), bool(codings)


def _check_expect(headers: Headers) -> bool:
    expectations = headers.tokens("expect")
    if expectations and expectations != ["100-continue"]:
        raise Refused(417, "The only expectation understood here is `100-continue`.")
    return bool(expectations)
