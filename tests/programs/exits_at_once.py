"""Says on stderr why, and exits with the given status (3)."""

import sys

sys.stderr.write("cannot go on: the catalogue is missing\n")
sys.exit(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
