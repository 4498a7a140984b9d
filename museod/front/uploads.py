"""
Files that an administrator hands over for a tool to read: kept for an hour, then gone.

A file lies at `<state directory>/uploads/<hash of the caller>/<upload id>`, with its name and charset beside
it in `<upload id>.json`, and is read there by the child that is given the state directory. The caller's part
of the path derives from its verified identity on both sides, so an id opens nothing for anybody else.

Files are not sealed as conversations are: whoever reads them would need the keys to everything that is
sealed, and no child has those. They are lists of products, in files of mode 0600 in a directory of mode 0700,
and short-lived. They lie on the node that took them, wherever the other stores are.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import Message
from pathlib import Path
from urllib.parse import parse_qs

import trio

from museod.access.principal import Role
from museod.errors import Forbidden, InternalError, InvalidRequest, Kind, RateLimited, Unauthenticated
from museod.front.door import MAX_QUERY_FIELDS, Visitor
from museod.observe.logs import get_logger
from museod.transports.http1 import HttpRequest, HttpResponse, error_response, json_response

log = get_logger()

MAX_UPLOAD_BYTES = 10 * 1024 * 1024  # what the shop's import takes
KEEP_SECONDS = 3600.0
SWEEP_SECONDS = 60.0
MAX_NAME_CHARS = 255
_NO_STORE = [("Cache-Control", "no-store")]
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069/\\]")
_CHARSET = re.compile(r"[A-Za-z0-9._:+-]{1,40}")


@dataclass(frozen=True, slots=True)
class UploadLimits:
    """How much is kept at once."""

    files_per_caller: int = 20  # somebody corrects a file a few times within the hour
    bytes_per_caller: int = 5 * MAX_UPLOAD_BYTES
    bytes_in_all: int = 25 * MAX_UPLOAD_BYTES  # a state directory often shares a small disk


def directory_name(sub: str) -> str:
    """The directory of one caller's uploads; what reads them derives the same."""
    return hashlib.sha256(b"museod uploads\0" + sub.encode()).hexdigest()[:40]


class Uploads:
    """
    Takes files, and forgets them.

    Args:
        directory: made with mode 0700 when the first file comes.
        now: the wall clock; ages are those of the files, so a restart forgets none of them.
    """

    def __init__(
        self, directory: Path, *, limits: UploadLimits | None = None, now: Callable[[], float] = time.time
    ) -> None:
        self._directory = directory
        self._limits = limits or UploadLimits()
        self._now = now
        self._turn = trio.Lock()  # what is counted must still hold when the file is written

    async def take(self, request: HttpRequest, visitor: Visitor) -> HttpResponse:
        """
        Keep the body of a request and answer the id under which its sender may name it.

        Raises:
            Unauthenticated, Forbidden: the caller is no administrator.
            InvalidRequest: there is no file in the body.
            RateLimited: too much is kept already; says when the oldest file goes.
        """
        caller = visitor.caller
        if caller.is_anonymous:
            raise Unauthenticated("Only an administrator may upload. Send an administrator's token.")
        if caller.role is not Role.ADMIN:
            raise Forbidden("Only an administrator may upload. Ask one, or use an administrator's token.")
        kind = _content_type(request)
        if kind.get_content_maintype() == "multipart":
            text = "Send the file itself as the body (curl --data-binary @file), not a form."
            return error_response(415, Kind.INVALID_REQUEST, text)
        if not request.body:
            raise InvalidRequest("The body is empty: send the file as the body.")
        charset = kind.get_content_charset() or ""
        about = {
            "name": _name(request),
            "charset": charset if _CHARSET.fullmatch(charset) else "",
        }
        upload_id = f"up_{secrets.token_hex(16)}"
        async with self._turn:
            try:
                await trio.to_thread.run_sync(self._keep, caller.sub, upload_id, request.body, about)
            except OSError as error:
                log.error("upload_not_kept", reason=error.strerror)
                raise InternalError(
                    "The file could not be kept. Try again; an operator finds why in the log."
                ) from None
        log.info("upload_kept", bytes=len(request.body))
        expires = datetime.fromtimestamp(self._now() + KEEP_SECONDS, UTC).isoformat(timespec="seconds")
        body = {"uploadId": upload_id, "bytes": len(request.body), "expiresAt": expires}
        return json_response(201, body, _NO_STORE)

    async def run(self) -> None:
        """Forget what is too old, for ever."""
        while True:
            async with self._turn:
                try:
                    await trio.to_thread.run_sync(self._sweep)
                except OSError as error:
                    log.warning("uploads_not_swept", reason=error.strerror)
            await trio.sleep(SWEEP_SECONDS)

    def _keep(self, sub: str, upload_id: str, data: bytes, about: dict[str, str]) -> None:
        self._sweep()
        home = self._directory / directory_name(sub)
        self._check_room(home, len(data))
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write(home / f"{upload_id}.json", json.dumps(about).encode())
        # The file appears under its id when it is whole.
        try:
            _write(home / f"{upload_id}.part", data)
            os.rename(home / f"{upload_id}.part", home / upload_id)
        except OSError:
            for suffix in (".json", ".part"):
                (home / f"{upload_id}{suffix}").unlink(missing_ok=True)
            raise

    def _check_room(self, home: Path, size: int) -> None:
        limits = self._limits
        everything = list(self._files())
        mine = [found for found in everything if found[0].parent == home]
        files = sum("." not in path.name for path, _ in mine)
        if files >= limits.files_per_caller or _bytes(mine) + size > limits.bytes_per_caller:
            raise self._full("You have uploaded as much as is kept for one caller", mine)
        if _bytes(everything) + size > limits.bytes_in_all:
            raise self._full("All the room for uploads is taken", everything)

    def _full(self, what: str, files: list[tuple[Path, os.stat_result]]) -> RateLimited:
        oldest = min((state.st_mtime for _, state in files), default=self._now())
        wait = max(1.0, oldest + KEEP_SECONDS - self._now())
        minutes = max(1, round(wait / 60))
        text = f"{what}; files are kept for an hour. Try again in {minutes} min, or import what is there."
        return RateLimited(text, retry_after=wait)

    def _sweep(self) -> None:
        for path, state in self._files():
            if self._now() - state.st_mtime >= KEEP_SECONDS:
                path.unlink(missing_ok=True)

    def _files(self) -> Iterator[tuple[Path, os.stat_result]]:
        """Every file that is kept, with its size and age; only ours can be there."""
        if not self._directory.is_dir():
            return
        for home in self._directory.iterdir():
            for path in home.iterdir():
                yield path, path.lstat()


def _bytes(files: list[tuple[Path, os.stat_result]]) -> int:
    return sum(state.st_size for _, state in files)


def _write(path: Path, data: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    with open(descriptor, "wb") as file:
        file.write(data)


def _content_type(request: HttpRequest) -> Message:
    message = Message()
    message["Content-Type"] = request.headers.get("content-type") or "application/octet-stream"
    return message


def _name(request: HttpRequest) -> str:
    """What the sender calls the file (`?name=`), fit to be shown; it is part of no path."""
    try:
        given = parse_qs(request.query, max_num_fields=MAX_QUERY_FIELDS).get("name", [""])[0]
    except ValueError:
        return ""
    return _CONTROLS.sub("", given).strip()[:MAX_NAME_CHARS]
