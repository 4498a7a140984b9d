"""Reads its stdin to the end and says nothing."""

import sys

sys.stdin.read()
