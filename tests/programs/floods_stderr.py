"""Writes the given number of MiB to stderr, with or without newlines, and then says that it is ready."""

import os
import sys

size, has_newlines = int(sys.argv[1]), sys.argv[2] == "lines"
chunk = (b"E" * 63 + b"\n") * 1024 if has_newlines else b"E" * 65536
for _ in range(size * 16):
    os.write(2, chunk)
sys.stdout.write('{"ready": true}\n')
sys.stdout.flush()
sys.stdin.read()
