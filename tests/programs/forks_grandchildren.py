"""
Starts a grandchild of each kind named, says that it is ready with their pids, and goes with its stdin.

Kinds: `group` stays in the process group, `session` leaves it by setsid, `orphan` does so and loses its
parent at once, `bare` leaves the session and clears its environment. All ignore SIGTERM, and all but `orphan`
hold our pipes. With `crash` as the last argument the program kills itself with SIGKILL when a line comes.
"""

import os
import subprocess
import sys

SLEEPER = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\nwhile True: signal.pause()"
LAUNCHER = f"""
import subprocess, sys
print(subprocess.Popen([sys.executable, "-I", "-S", "-c", {SLEEPER!r}], start_new_session=True,
                       stdout=subprocess.DEVNULL).pid)
"""


def start(kind: str) -> int:
    command = [sys.executable, "-I", "-S", "-c", SLEEPER]
    if kind == "group":
        return subprocess.Popen(command).pid
    if kind == "session":
        return subprocess.Popen(command, start_new_session=True).pid
    if kind == "bare":
        return subprocess.Popen(command, start_new_session=True, env={}).pid
    launcher = subprocess.run(
        [sys.executable, "-I", "-S", "-c", LAUNCHER], stdout=subprocess.PIPE, check=True
    )
    return int(launcher.stdout)


kinds = [argument for argument in sys.argv[1:] if argument != "crash"]
pids = ",".join(str(start(kind)) for kind in kinds)
sys.stdout.write(f'{{"ready": true, "pids": [{pids}]}}\n')
sys.stdout.flush()
for _ in sys.stdin:
    if sys.argv[-1] == "crash":
        os.kill(os.getpid(), 9)
