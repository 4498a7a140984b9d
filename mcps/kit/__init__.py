"""
What every MCP server of this repository is made of: tools, the server around them, the caller they act for.

Owns: the `@tool` decorator, the server that speaks both eras of MCP over stdin and stdout, the reading of
`_meta["ai.museo/caller"]`, and the harness that calls a server inside a test. Must not know: any shop, any
tool, how the daemon supervises us. A server built here runs under museod and under any other MCP host.
"""
