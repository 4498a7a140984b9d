"""
The shop's API, from both sides: the typed client that the servers use, and a stand-in shop to use it on.

`models`, `writes`, `errors`, `breaker`, `auth`, `exchange`, `requests` and the calls by noun (`client`,
`orders`, `masters`) know HTTP and the shop's nouns, and nothing of MCP: how a result becomes a tool's answer
is the tools' affair. httpx is imported in `exchange` alone, which translates its exceptions. This file
imports nothing, so that the sandbox starts without httpx.
`openapi.yaml` is the contract; one test suite holds the sandbox to it, and a real API when there is one.
"""
