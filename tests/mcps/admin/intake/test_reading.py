"""The process with limits: what it reads, what ends it, and that we go on meanwhile."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import trio

from mcps.admin.intake import reading
from mcps.admin.intake.reading import Reader
from mcps.admin.intake.report import Options
from mcps.admin.intake.table import Unreadable
from tests.fakes.workbooks import HOSTILE, workbook

pytestmark = pytest.mark.real


@contextmanager
def opened(data: bytes) -> Iterator[int]:
    with tempfile.TemporaryFile() as file:
        file.write(data)
        file.seek(0)
        yield file.fileno()


async def test_products_and_report_come_from_another_process() -> None:
    with opened(b"sku;titel;preis\nA;Lampe;5\nB;;6\n") as file, trio.fail_after(20):
        report, body = await Reader().read(file, Options(locale="de"))
    assert body == (
        b'{"title":{"de":"Lampe"},"variants":[{"sku":"A","prices":[{"amount":500,"currency":"EUR"}]}]}\n'
    )
    assert (report.rows, report.failed, report.lines) == (2, 1, [2])
    assert report.faults == [(3, "titel", "is empty; every product has a title")]


async def test_a_refusal_crosses_the_border_with_its_code() -> None:
    with (
        opened(b"a,b\n1,2\n") as file,
        trio.fail_after(20),
        pytest.raises(Unreadable, match="No column is known") as caught,
    ):
        await Reader().read(file, Options())
    assert caught.value.code == "import_unreadable"


@pytest.mark.slow
@pytest.mark.parametrize("name", HOSTILE)
async def test_a_hostile_workbook_ends_nobody_else(name: str) -> None:
    data, why = HOSTILE[name]
    ticks = 0

    async def live() -> None:
        nonlocal ticks
        while True:
            await trio.sleep(0.005)
            ticks += 1

    with opened(data) as file, trio.fail_after(60):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(live)
            with pytest.raises(Unreadable, match=why):
                await Reader().read(file, Options())
            nursery.cancel_scope.cancel()
    assert ticks > 2, "the loop stood still while the file was read"


async def test_what_takes_too_long_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "DEADLINE_SECONDS", 0.0)
    with (
        opened(b"sku,title,price\nA,a,1\n") as file,
        trio.fail_after(20),
        pytest.raises(Unreadable, match="takes too much"),
    ):
        await Reader().read(file, Options())


async def test_what_says_too_much_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MAX_ANSWER_BYTES", 10)
    with (
        opened(b"sku,title,price\nA,a,1\n") as file,
        trio.fail_after(20),
        pytest.raises(Unreadable, match="takes too much"),
    ):
        await Reader().read(file, Options())


async def test_a_cancelled_reading_leaves_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    started = trio.Event()
    processes: list[trio.Process] = []
    real = trio.lowlevel.open_process

    async def spy(*args: object, **kwargs: object) -> trio.Process:
        process = await real(*args, **kwargs)  # type: ignore[call-overload]
        processes.append(process)
        started.set()
        return process

    monkeypatch.setattr(trio.lowlevel, "open_process", spy)
    with opened(workbook([("A", "a", 1, 1)])) as file, trio.fail_after(20):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(Reader().read, file, Options())
            await started.wait()
            nursery.cancel_scope.cancel()
    assert processes[0].returncode == -9


async def test_the_process_gets_none_of_our_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MCP_API_SECRET", "canary")
    seen: dict[str, str] = {}
    real = trio.lowlevel.open_process

    async def spy(*args: object, **kwargs: object) -> trio.Process:
        seen.update(kwargs["env"])  # type: ignore[call-overload]
        return await real(*args, **kwargs)  # type: ignore[call-overload]

    monkeypatch.setattr(trio.lowlevel, "open_process", spy)
    with opened(b"sku,title,price\nA,a,1\n") as file, trio.fail_after(20):
        await Reader().read(file, Options())
    assert "MCP_API_SECRET" not in seen
    assert set(seen) <= {"PATH", "PYTHONPATH", "SYSTEMROOT", "PYTHONUTF8"}
    assert os.environ["MCP_API_SECRET"] == "canary"


@pytest.mark.parametrize(
    ("act", "outcome"),
    [
        ("bytearray(2**30)", b"MemoryError"),
        ("exec('while True: pass')", b""),
        ("os.fork()", b""),
        ("os.write(os.memfd_create('x'), b'x')", b"OSError"),
        ("[os.dup(1) for _ in range(100)]", b"OSError"),
    ],
)
async def test_the_limits_hold(act: str, outcome: bytes) -> None:
    code = (
        f"import os; from mcps.admin.intake import worker; worker.MAX_CPU_SECONDS = 1; worker.limit()\n{act}"
    )
    if act == "os.fork()" and os.geteuid() == 0:
        pytest.skip("root may start as many processes as it likes")
    with trio.fail_after(30):
        ended = await trio.run_process([sys.executable, "-c", code], check=False, capture_stderr=True)
    assert ended.returncode != 0
    assert outcome in ended.stderr
