"""
The only encoder and decoder of JSON-RPC messages, with ceilings on size, depth and ids.

Envelopes are parsed, params and results stay raw bytes (`msgspec.Raw`), so that what merely passes through
is neither copied into Python objects nor changed. msgspec refuses NaN, Infinity, lone surrogates, byte
order marks and invalid UTF-8; what it lets through and we refuse is nesting, duplicate keys and huge ids.
"""

from __future__ import annotations

import json
import re
from itertools import accumulate
from typing import Any

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

from museod.wire.messages import (
    INVALID_PARAMS,
    INVALID_REQUEST,
    PARSE_ERROR,
    ErrorObject,
    JsonId,
    Malformed,
    Message,
    Notification,
    Request,
    Response,
)

MAX_DEPTH = 64  # real messages stay under 20; recursive readers in children break near 1,000
MAX_ID = 2**53  # above it a JavaScript client cannot read its own id back
MAX_ID_CHARS = 1024
MAX_BATCH = 32  # no client was seen to send more than a handful

_OPEN_BRACE = ord("{")

EMPTY = Raw(b"")
EMPTY_OBJECT = Raw(b"{}")


class _Envelope(Struct):
    jsonrpc: str = ""
    id: int | str | UnsetType | None = UNSET
    method: str | UnsetType = UNSET
    params: Raw = EMPTY
    result: Raw | UnsetType = UNSET
    error: ErrorObject | UnsetType | None = UNSET


class _Outline(Struct):
    """What can still be read of a message whose members do not fit."""

    id: int | str | None = None
    method: Raw | UnsetType = UNSET
    result: Raw | UnsetType = UNSET
    error: Raw | UnsetType = UNSET


_decode_envelope = msgspec.json.Decoder(_Envelope).decode
_decode_outline = msgspec.json.Decoder(_Outline).decode
_decode_any = msgspec.json.Decoder().decode
_encoder = msgspec.json.Encoder()

# Possessive, and content with a string that never ends: linear on any input.
_STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)
_NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_STEPS = bytes.maketrans(b"[{]}", b"\x01\x01\xff\xff")  # as signed bytes: one level down, one up


def encode(value: Any) -> bytes:
    """JSON bytes of plain data, structs and `Raw`."""
    return _encoder.encode(value)


def decode(data: bytes | Raw) -> Any:
    """
    Plain Python data from JSON bytes.

    Raises:
        msgspec.DecodeError: it is no JSON.
    """
    try:
        return _decode_any(data)
    except RecursionError:
        raise msgspec.DecodeError("nested too deeply") from None


def is_too_deep(data: bytes, limit: int = MAX_DEPTH) -> bool:
    """Whether arrays and objects nest deeper than `limit`; linear, and two counts for nearly all input."""
    if data.count(b"[") + data.count(b"{") <= limit:
        return False
    steps = _STRING.sub(b"", data).translate(_STEPS, _NO_BRACKETS)
    return max(accumulate(memoryview(steps).cast("b")), default=0) > limit


def has_duplicate_keys(data: bytes) -> bool:
    """
    Whether any object in `data` (valid JSON) names a member twice.

    Two readers that disagree on which one counts are a way around validation, so we accept neither.
    """
    try:
        _scan_keys(data.decode().lstrip())
    except _DuplicateKey:
        return True
    return False


class _DuplicateKey(Exception):
    pass


def _no_duplicates(pairs: list[tuple[str, object]]) -> None:
    if len(dict(pairs)) != len(pairs):
        raise _DuplicateKey


# The standard library's scanner is the one that shows all members; numbers are not even converted.
_scan_keys = json.JSONDecoder(
    object_pairs_hook=_no_duplicates, parse_int=lambda _: None, parse_float=lambda _: None
).raw_decode


def decode_message(data: bytes, *, strict: bool = True) -> Message:
    """
    One JSON-RPC message from its bytes.

    Args:
        data: the whole message; its size was bounded by whoever framed it.
        strict: also refuse nesting beyond `MAX_DEPTH` and duplicate keys. Off for what our own children
            send: their results pass through untouched and the next reader judges them.

    Raises:
        Malformed: carries the error number and the id to answer with.
    """
    if strict and is_too_deep(data):
        raise Malformed(PARSE_ERROR, f"The message nests deeper than {MAX_DEPTH} levels; flatten it.")
    if not _is_utf8(data):
        # msgspec does not look into the strings of what stays raw.
        raise Malformed(PARSE_ERROR, "The message is not valid JSON: it is not UTF-8.")
    try:
        envelope = _decode_envelope(data)
    except msgspec.ValidationError as error:
        raise _misfit(data, error) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Malformed(PARSE_ERROR, f"The message is not valid JSON: {_plain(error)}.") from None
    except RecursionError:
        raise Malformed(PARSE_ERROR, "The message nests too deeply; flatten it.") from None
    return _message(envelope, data, strict)


def _message(envelope: _Envelope, data: bytes, strict: bool) -> Message:
    id, method = envelope.id, envelope.method
    if envelope.jsonrpc != "2.0":
        raise Malformed(INVALID_REQUEST, 'The member "jsonrpc" must be "2.0".', _bounded(id))
    if strict and has_duplicate_keys(data):
        raise Malformed(
            INVALID_REQUEST, "An object names the same member twice; send each once.", _bounded(id)
        )
    if method is UNSET:
        return _response(envelope)
    if envelope.result is not UNSET or envelope.error is not UNSET:
        raise Malformed(
            INVALID_REQUEST, "A message holds either a method or a result, never both.", _bounded(id)
        )
    params = envelope.params
    if params and memoryview(params)[0] != _OPEN_BRACE:
        raise Malformed(INVALID_PARAMS, 'The member "params" must be an object.', _bounded(id))
    if id is UNSET:
        return Notification(method, params)
    if _bounded(id) is None:
        raise Malformed(
            INVALID_REQUEST,
            f"A request's id is a string of at most {MAX_ID_CHARS} characters or an integer up to 2^53.",
        )
    assert isinstance(id, int | str)  # noqa: S101 - narrowed by _bounded just above
    return Request(id, method, params)


def _response(envelope: _Envelope) -> Response:
    id = _bounded(envelope.id)
    if envelope.result is UNSET and not isinstance(envelope.error, ErrorObject):
        raise Malformed(INVALID_REQUEST, 'The member "method" is missing.', id)
    if envelope.result is not UNSET and envelope.error is not UNSET and envelope.error is not None:
        text = "A response holds either a result or an error, never both."
        raise Malformed(INVALID_REQUEST, text, id, is_response=True)
    if isinstance(envelope.error, ErrorObject):
        return Response(id, error=envelope.error)
    assert isinstance(envelope.result, Raw)  # noqa: S101 - the two branches above leave only this
    return Response(id, result=envelope.result)


def _bounded(id: object) -> JsonId | None:
    if isinstance(id, str):
        return id if len(id) <= MAX_ID_CHARS else None
    if isinstance(id, int):
        return id if abs(id) <= MAX_ID else None
    return None


def _is_utf8(data: bytes) -> bool:
    if data.isascii():
        return True
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _misfit(data: bytes, error: msgspec.ValidationError) -> Malformed:
    """What to say of JSON that is no message, and to whom."""
    if data.lstrip()[:1] == b"[":
        return Malformed(
            INVALID_REQUEST, "Batches are not part of this protocol; send one message at a time."
        )
    text = f"This is not a JSON-RPC message: {_plain(error)}."
    try:
        outline = _decode_outline(data)
    except (msgspec.DecodeError, RecursionError):
        return Malformed(INVALID_REQUEST, text)
    is_response = outline.method is UNSET and not (outline.result is UNSET and outline.error is UNSET)
    return Malformed(INVALID_REQUEST, text, _bounded(outline.id), is_response=is_response)


def _plain(error: Exception) -> str:
    return str(error).rstrip(".")


def split_batch(data: bytes) -> list[bytes] | None:
    """
    The messages of a batch, or None for what is no batch or an empty or oversized one.

    Batches belong to revision 2025-03-26 alone; whoever calls this has checked that.
    """
    try:
        items = _decode_batch(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return [bytes(item) for item in items] if 1 <= len(items) <= MAX_BATCH else None


_decode_batch = msgspec.json.Decoder(list[Raw]).decode


def encode_request(id: JsonId, method: str, params: bytes) -> bytes:
    """A request line without its newline; `params` is an encoded object or empty."""
    return b"".join(
        (
            b'{"jsonrpc":"2.0","id":',
            encode_id(id),
            b',"method":',
            _encoder.encode(method),
            b',"params":',
            params or b"{}",
            b"}",
        )
    )


def encode_notification(method: str, params: bytes) -> bytes:
    """A notification; `params` is an encoded object or empty."""
    return b"".join(
        (b'{"jsonrpc":"2.0","method":', _encoder.encode(method), b',"params":', params or b"{}", b"}")
    )


def encode_result(id: JsonId, result: bytes) -> bytes:
    """A successful response; `result` goes in as it is."""
    # Joined, because formatting copies a large result several times.
    return b"".join((b'{"jsonrpc":"2.0","id":', encode_id(id), b',"result":', result, b"}"))


def encode_error(id: JsonId | None, code: int, message: str, data: Any = None) -> bytes:
    """A failed response; an unreadable id is null, as JSON-RPC has it."""
    error: dict[str, Any] = {"code": code, "message": message}
    if data is not None:
        error["data"] = data
    return b'{"jsonrpc":"2.0","id":%b,"error":%b}' % (
        b"null" if id is None else encode_id(id),
        _encoder.encode(error),
    )


def encode_id(id: JsonId) -> bytes:
    """An id as JSON."""
    return b"%d" % id if isinstance(id, int) else _encoder.encode(id)
