"""Says that it is ready, closes its stdout, and stays."""

import os
import signal
import sys

sys.stdout.write('{"ready": true}\n')
sys.stdout.flush()
os.close(1)
signal.signal(signal.SIGTERM, signal.SIG_DFL)
while True:
    signal.pause()
