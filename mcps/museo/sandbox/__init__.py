"""
A stand-in for the shop's API: the contract of `mcps/museo/openapi.yaml`, answered from one SQLite file.

It exists so that museod can be tried, developed and tested without the real shop, and it is meant to be as
strict as one: it refuses what the contract refuses. It listens on loopback only. One process owns the state
file; every request runs on the event loop from its first read to its commit without a pause, so requests
never see half of one another.

From the ground up: `ids`, `words`, `texts` and `problems` are pure; `state` owns the file; `shelf` holds the
products and `finder` finds them; one file per noun (`tokens`, `catalogue`, `search`, `baskets`, `admin`,
`pictures`, `pages`) declares its routes in a table; `app` answers one request with them, `server` listens.
It knows nothing of museod's gateway or of MCP, and nothing but tests and commands may use it.
"""
