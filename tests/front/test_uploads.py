"""Files that wait for a tool: who may leave one, how much, how long, and where it lies."""

from __future__ import annotations

import json
import os
import stat
import time
from pathlib import Path

import pytest
import trio
import trio.testing

from museod.access.principal import Principal, Role, principal
from museod.errors import Forbidden, InternalError, InvalidRequest, RateLimited, Unauthenticated
from museod.front.door import ANONYMOUS, Listener, Visitor
from museod.front.uploads import KEEP_SECONDS, UploadLimits, Uploads, directory_name
from museod.transports.http1 import Headers, HttpRequest, HttpResponse

ROOT = principal("root", Role.ADMIN)
EVE = principal("eve", Role.ADMIN)
LIMITS = UploadLimits(files_per_caller=3, bytes_per_caller=1000, bytes_in_all=1500)


class Clock:
    """Wall time that a test moves; starts with the files' own."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead


def upload(
    body: bytes = b"sku,title\n", *, caller: Principal = ROOT, kind: str = "text/csv", query: str = ""
) -> tuple[HttpRequest, Visitor]:
    headers = Headers([("Host", "localhost"), ("Content-Type", kind)])
    request = HttpRequest("POST", "/api/v1/uploads", "/api/v1/uploads", query, headers, body, "127.0.0.1", 1)
    return request, Visitor(caller, "127.0.0.1", True, request, Listener(is_loopback=True))


def id_of(response: HttpResponse) -> str:
    assert response.status == 201, response.body
    upload_id: str = json.loads(response.body)["uploadId"]
    return upload_id


def files(directory: Path) -> set[str]:
    return {path.name for path in directory.rglob("*") if path.is_file()}


def kept(directory: Path) -> set[str]:
    return {path.name for path in directory.rglob("up_*") if not path.suffix}


async def test_a_file_lies_whole_under_its_sender_and_nobody_else_may_read_it(tmp_path: Path) -> None:
    uploads = Uploads(tmp_path / "uploads")
    response = await uploads.take(
        *upload(b"a;b\n", kind="text/csv; charset=ISO-8859-15", query="name=a%2Fb.csv")
    )
    path = tmp_path / "uploads" / directory_name("root") / id_of(response)
    assert path.read_bytes() == b"a;b\n"
    assert json.loads(path.with_name(path.name + ".json").read_bytes()) == {
        "name": "ab.csv",
        "charset": "iso-8859-15",
    }
    for one in (path, path.with_name(path.name + ".json")):
        assert stat.S_IMODE(one.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert json.loads(response.body)["bytes"] == 4
    assert ("Cache-Control", "no-store") in response.headers


async def test_ids_cannot_be_guessed_from_each_other(tmp_path: Path) -> None:
    uploads = Uploads(tmp_path)
    ids = {id_of(await uploads.take(*upload())) for _ in range(10)}
    assert len(ids) == 10
    assert all(len(one) == 35 for one in ids)


@pytest.mark.parametrize(
    ("caller", "refusal"),
    [
        (ANONYMOUS, Unauthenticated),
        (principal("guest:x", Role.GUEST), Forbidden),
        (principal("ann", Role.CUSTOMER), Forbidden),
        (principal("op", Role.OPERATOR), Forbidden),
        (principal("svc", Role.SERVICE, extra_scopes=frozenset({"ops:write"})), Forbidden),
    ],
)
async def test_only_an_administrator_may_upload(
    tmp_path: Path, caller: Principal, refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        await Uploads(tmp_path).take(*upload(caller=caller))
    assert not kept(tmp_path)


async def test_an_empty_body_and_a_form_are_refused_with_the_remedy(tmp_path: Path) -> None:
    uploads = Uploads(tmp_path)
    with pytest.raises(InvalidRequest, match="empty"):
        await uploads.take(*upload(b""))
    form = await uploads.take(*upload(kind="multipart/form-data; boundary=x"))
    assert form.status == 415
    assert b"--data-binary" in form.body
    assert not kept(tmp_path)


@pytest.mark.parametrize("charset", ["../../etc", "x" * 100, "utf-8\r\nX: y", '"'])
async def test_a_charset_that_is_none_is_dropped(tmp_path: Path, charset: str) -> None:
    response = await Uploads(tmp_path).take(*upload(kind=f"text/csv; charset={charset}"))
    about = tmp_path / directory_name("root") / f"{id_of(response)}.json"
    assert json.loads(about.read_bytes())["charset"] in ("", "utf-8", "utf-8x")


async def test_a_caller_keeps_so_many_files_and_is_told_when_the_oldest_goes(tmp_path: Path) -> None:
    clock = Clock()
    uploads = Uploads(tmp_path, limits=LIMITS, now=clock)
    for _ in range(3):
        await uploads.take(*upload())
    with pytest.raises(RateLimited, match="one caller") as caught:
        await uploads.take(*upload())
    assert 0 < (caught.value.retry_after or 0) <= KEEP_SECONDS
    id_of(await uploads.take(*upload(caller=EVE)))
    clock.ahead = KEEP_SECONDS + 1
    id_of(await uploads.take(*upload()))


async def test_room_is_counted_per_caller_and_in_all(tmp_path: Path) -> None:
    uploads = Uploads(tmp_path, limits=LIMITS)
    await uploads.take(*upload(b"x" * 800))
    with pytest.raises(RateLimited, match="one caller"):
        await uploads.take(*upload(b"x" * 300))
    with pytest.raises(RateLimited, match="All the room"):
        await uploads.take(*upload(b"x" * 900, caller=EVE))
    await uploads.take(*upload(b"x" * 400, caller=EVE))


async def test_uploads_at_the_same_time_do_not_share_the_last_room(tmp_path: Path) -> None:
    uploads = Uploads(tmp_path, limits=LIMITS)
    refused = 0

    async def one() -> None:
        nonlocal refused
        try:
            await uploads.take(*upload(b"x" * 400))
        except RateLimited:
            refused += 1

    async with trio.open_nursery() as nursery:
        for _ in range(6):
            nursery.start_soon(one)
    assert (len(kept(tmp_path)), refused) == (2, 4)


async def test_the_sweep_forgets_what_is_older_than_an_hour_and_nothing_else(
    tmp_path: Path, autojump_clock: trio.testing.MockClock
) -> None:
    clock = Clock()
    uploads = Uploads(tmp_path, now=clock)
    old = id_of(await uploads.take(*upload()))
    new = id_of(await uploads.take(*upload()))
    path = tmp_path / directory_name("root") / old
    for one in (path, path.with_name(old + ".json")):
        os.utime(one, (one.stat().st_mtime - KEEP_SECONDS,) * 2)
    with trio.move_on_after(1):
        await uploads.run()
    assert kept(tmp_path) == {new}
    assert files(tmp_path) == {new, new + ".json"}


async def test_a_disk_that_refuses_leaves_nothing_and_says_no_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: object, __: object) -> None:
        raise OSError(28, "No space left on device", str(tmp_path))

    monkeypatch.setattr(os, "rename", broken)
    with pytest.raises(InternalError) as caught:
        await Uploads(tmp_path).take(*upload())
    assert str(tmp_path) not in caught.value.message
    assert files(tmp_path) == set()


def test_a_directory_tells_nothing_of_its_owner_and_each_owner_has_one() -> None:
    names = [directory_name(sub) for sub in ("root", "Root", "../x", "é")]
    assert len(set(names)) == 4
    assert all(len(name) == 40 and name.isalnum() for name in names)
