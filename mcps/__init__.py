"""The four MCP servers that museod supervises by default, the kit they stand on, and the shop's client."""
