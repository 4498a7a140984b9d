"""
The front: the one port, and the unix socket beside it. Which path goes to whom.

Owns: Origin, Host and credentials at the door, the table of paths, health and readiness, the console's files.
Must not know: what a tool is or what a message means; it hands requests to the MCP endpoint, the chat and the
operations, all of which app gives it.
"""
