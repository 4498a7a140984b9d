"""
A daemon that supervises misbehaving children until SIGTERM: supervised_daemon.py INSTANCE.

Prints one JSON line when they are ready: {"pids": {child: pid}, "grandchildren": [pid]}.
"""

import json
import os
import signal
import sys
from pathlib import Path

import trio

from museod.supervisor.process import Process
from museod.supervisor.spec import ChildSpec
from museod.supervisor.supervisor import open_supervisor
from museod.transports.stdio import open_stdio_channel

PROGRAMS = Path(__file__).parent
grandchildren: list[int] = []


async def attend(process: Process, task_status: trio.TaskStatus[None]) -> None:
    async with open_stdio_channel(process.stdout_fd, process.stdin_fd) as channel:
        [first] = await channel.receive()
        grandchildren.extend(json.loads(first).get("pids", []))
        task_status.started()
        while True:
            await channel.receive()


def child(name: str, *command: str) -> ChildSpec:
    env = {"PATH": os.environ["PATH"]}
    return ChildSpec(name, command, env, stop_grace_seconds=0.2, term_grace_seconds=0.2)


async def main() -> None:
    def run(program: str, *arguments: str) -> tuple[str, ...]:
        return (sys.executable, "-I", "-S", str(PROGRAMS / program), *arguments)

    deaf = run("ignores_term.py")
    specs = [
        child("polite", *run("well_behaved.py")),
        child("deaf", *deaf),
        # The shell stays, because it has something to do afterwards, and hides the program from signals.
        child("hidden", "sh", "-c", f"trap '' TERM; {' '.join(deaf)}; echo over >&2"),
        child("parent", *run("forks_grandchildren.py", "group", "session", "orphan")),
    ]
    with trio.open_signal_receiver(signal.SIGTERM) as signals:
        async with open_supervisor(specs, attend, instance_id=sys.argv[1]) as supervisor:
            pids = {name: status.pid for name, status in supervisor.status().items()}
            print(json.dumps({"pids": pids, "grandchildren": grandchildren}), flush=True)
            async for _ in signals:
                break


if __name__ == "__main__":
    trio.run(main)
