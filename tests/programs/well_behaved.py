"""Says that it is ready, returns each line that comes, and goes with the end of its stdin."""

import os
import sys

sys.stdout.write('{"ready": true}\n')
sys.stdout.flush()
for line in sys.stdin:
    if line.startswith("environ"):
        line = ",".join(sorted(os.environ)) + "\n"
    sys.stdout.write(line)
    sys.stdout.flush()
