"""The grammars, one table per language; `mcps.intent.grammar` reads them."""
