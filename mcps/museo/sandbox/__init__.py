"""
A stand-in for the shop's API: the contract of `mcps/museo/openapi.yaml`, answered from one SQLite file.

It exists so that museod can be tried, developed and tested without the real shop, and it is meant to be as
strict as one: it refuses what the contract refuses. It listens on loopback only. One process owns the state
file; every request runs on the event loop from its first read to its commit without a pause, so requests
never see half of one another.

From the ground up: `ids`, `words`, `texts`, `quotes`, `order_states` and `problems` are pure; `state` owns
the file; `shelf` holds the products and `finder` finds them; `baskets`, `orders`, `alerts`, `masters` and
`imports` own what their names say; the files with routes declare them in a table; `app` answers one request
with them, `server` listens. Two things run beside requests: imports, a few rows at a time, and the process
that reads an import's file (`rows`, `workbook`). What happens by the clock happens before the next request
is answered (`orders`). `control` is what no shop has: faults, a clock that moves, providers that break.
It knows nothing of museod's gateway or of MCP, and nothing but tests and commands may use it.
"""
