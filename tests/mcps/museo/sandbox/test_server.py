"""The sandbox as a process: its port, its signals, its file."""

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
import trio

from mcps.museo.client import MuseoClient, ServiceAccount, open_museo
from mcps.museo.errors import ApiError
from mcps.museo.sandbox.__main__ import DEV_KEY, DEV_SECRET, main
from museod.observe import context
from tests.fakes.museo_sandbox import Sandbox, open_sandbox

pytestmark = pytest.mark.real

ACCOUNT = ServiceAccount(DEV_KEY, DEV_SECRET)
SKU = "BEA-CHI-LIP-004"


def _run(*arguments: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "mcps.museo.sandbox", *arguments],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": os.getcwd(), **(env or {})},
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )


def test_a_busy_port_is_exit_1_and_says_what_to_do() -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]

        done = _run("--port", str(port))

    assert done.returncode == 1
    assert done.stderr == (
        f"museo sandbox: port {port} is in use; stop the program that holds it or choose another --port.\n"
    )


@pytest.mark.parametrize(
    ("arguments", "env", "status", "remedy"),
    [
        (["--host", "0.0.0.0"], {}, 1, "use --host 127.0.0.1"),  # noqa: S104 - it must be refused
        (["--fail", "latency=fast"], {}, 2, "such as latency=200ms"),
        (["--port", "70000"], {}, 2, "0 to 65535"),
        (["--requests-per-minute", "0"], {}, 2, "from 1"),
        (["--state", "/proc/no/such"], {}, 1, "choose another --state file"),
        ([], {"MCP_API_KEY": "k"}, 2, "together"),
        ([], {"MCP_LOG_LEVEL": "loud"}, 2, "one of debug, info, warn, error"),
    ],
)
def test_wrong_usage_names_the_remedy(
    arguments: list[str], env: dict[str, str], status: int, remedy: str
) -> None:
    done = _run("--port", "0", *arguments, env=env)

    assert done.returncode == status
    assert remedy in done.stderr
    assert "Traceback" not in done.stderr


def test_help_documents_the_faults(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit_:
        main(["--help"])

    assert exit_.value.code == 0
    assert "retry-after=2" in capsys.readouterr().out


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_ends_it_at_once_even_with_work_in_flight(number: signal.Signals) -> None:
    async with open_sandbox("--fail", "/health:latency=60s") as sandbox:
        stream = await trio.open_tcp_stream("127.0.0.1", int(sandbox.url.rpartition(":")[2]))
        async with stream:
            await stream.send_all(b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            sandbox.process.send_signal(number)
            with trio.fail_after(5):
                assert await sandbox.process.wait() == 0


async def _read(museo: MuseoClient, user: str) -> list[tuple[str, int]]:
    return [(line.sku, line.quantity) for line in (await museo.basket(user)).lines]


async def test_a_restart_keeps_baskets_tokens_and_keys(tmp_path: Path) -> None:
    state = str(tmp_path / "shop.db")
    async with open_sandbox("--state", state) as sandbox, open_museo(sandbox.url, ACCOUNT) as museo:
        before = await museo.add_item("alice", SKU, 2, idempotency_key="turn-1-step-1")

    async with open_sandbox("--state", state) as sandbox, open_museo(sandbox.url, ACCOUNT) as museo:
        again = await museo.add_item("alice", SKU, 2, idempotency_key="turn-1-step-1")
        after = await museo.basket("alice")
        found = await museo.search("iphone 15")

    assert (after.id, after.version) == (before.id, before.version)
    assert [line.quantity for line in after.lines] == [2]
    assert again.lines[0].id == before.lines[0].id
    assert found.items[0].title == "iPhone 15"


async def test_a_kill_while_it_writes_loses_nothing_that_was_answered(tmp_path: Path) -> None:
    state = str(tmp_path / "shop.db")
    answered: dict[str, int] = {}
    enough = trio.Event()

    async def shop(museo: MuseoClient, user: str) -> None:
        try:
            for n in range(15):
                basket = await museo.add_item(user, SKU, 1, idempotency_key=f"{user}-{n}-key")
                answered[user] = basket.item_count
                if sum(answered.values()) >= 40:
                    enough.set()
        except ApiError:
            pass  # the kill

    async def kill_when_busy(sandbox: Sandbox) -> None:
        await enough.wait()
        sandbox.kill()

    async with open_sandbox("--state", state) as sandbox, open_museo(sandbox.url, ACCOUNT) as museo:
        with trio.fail_after(30):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(kill_when_busy, sandbox)
                for number in range(8):
                    nursery.start_soon(shop, museo, f"user{number}")

    with sqlite3.connect(state) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    db.close()
    async with open_sandbox("--state", state) as sandbox, open_museo(sandbox.url, ACCOUNT) as museo:
        for user, count in answered.items():
            kept = dict(await _read(museo, user)).get(SKU, 0)
            assert count <= kept <= count + 1  # one more may have been done and not answered


async def test_its_account_is_that_of_its_environment() -> None:
    env = {"MCP_API_KEY": "own_key", "MCP_API_SECRET": "own secret:&=%"}
    async with open_sandbox(env=env) as sandbox:
        async with open_museo(sandbox.url, ServiceAccount("own_key", "own secret:&=%")) as museo:
            await museo.check()
        async with open_museo(sandbox.url, ACCOUNT) as museo:
            with pytest.raises(ApiError, match="MCP_API_KEY"):
                await museo.check()


async def test_a_request_is_logged_under_its_callers_correlation_id_and_without_its_words() -> None:
    async with open_sandbox() as sandbox, open_museo(sandbox.url, ACCOUNT) as museo:
        with context.bound() as correlation:
            await museo.search("something private")
        with trio.fail_after(5):
            await sandbox.wait_logged(b'"operation":"search","status":200')
        lines = [json.loads(line) for line in bytes(sandbox.log).splitlines()]

    [search] = [line for line in lines if line["metadata"].get("operation") == "search"]
    assert search["correlationId"] == correlation
    assert search["message"] == "api_request_answered"
    assert search["metadata"]["status"] == 200
    assert b"private" not in sandbox.log
    assert DEV_SECRET.encode() not in sandbox.log
