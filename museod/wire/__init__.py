"""
The wire, sans I/O: what MCP and JSON-RPC look like, and nothing about how bytes travel.

Owns: the codec and its ceilings, the JSON-RPC peer, newline framing, the revisions of MCP and what differs
between them, header rules, tool schemas. Must not know: trio, sockets, clocks, children, callers.
Cut this way so that every rule of the protocol is a table or a pure function, and is tested as one.
"""
