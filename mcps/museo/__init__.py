"""
The shop's API, from both sides: the typed client that the servers use, and a stand-in shop to use it on.

`models`, `errors`, `auth`, `breaker` and `client` know HTTP and the shop's nouns, and nothing of MCP: how a
result becomes a tool's answer is the tools' affair. httpx is imported in `client` and `auth` alone, and this
file imports nothing, so that the sandbox starts without it. `openapi.yaml` is the contract; one test suite
holds the sandbox to it, and a real API when there is one.
"""
