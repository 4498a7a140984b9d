"""Says that it is ready, then ignores the end of its stdin and SIGTERM."""

import signal
import sys

signal.signal(signal.SIGTERM, signal.SIG_IGN)
sys.stdout.write('{"ready": true}\n')
sys.stdout.flush()
while True:
    signal.pause()
