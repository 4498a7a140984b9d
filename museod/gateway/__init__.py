"""
The gateway: one catalogue of tools over all children, and the way of a call from a caller to a child.

Owns: names and collisions, who may call what, argument validation, deadlines, breakers, the MCP faces of
both eras, and our client side to each child. Must not know: how children are started (`attend` is handed to
the supervisor by app), what a chat message is, or how bytes reach us.
Cut so that `Router.call` is the only way to a tool, for MCP clients and for the conversation alike: what it
refuses, nobody can do.
"""
