"""
The command line: what an operator types, and what it answers.

`parser` knows the words, `output` how to print, `control` how to reach a running daemon (its unix socket,
else MCP_URL with MCP_TOKEN); the other modules hold the commands. Nothing heavy is imported before a
command needs it. Exit codes: 0 fine, 1 failed, 2 usage, 69 daemon unreachable, 75 degraded, 78 configuration.
"""

from museod.cli.parser import main

__all__ = ["main"]
