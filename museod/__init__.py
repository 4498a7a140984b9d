"""
museod: one daemon between a shop and everybody who talks to it.

A gateway that speaks MCP, a supervisor that keeps MCP servers alive, and a conversation that turns a
sentence into tool calls and back. The floors, from the ground up: errors, observe, wire, transports, rpc,
then supervisor, stores and access as neighbours, gateway, chat, front, app, cli. Imports point down.
"""

__version__ = "1.0.0"
