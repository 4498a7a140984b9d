"""
The storefront server: what a shopper finds, looks at, puts into a basket and pays.

Owns: the reading of a query into filters (`search`), which product, variant or line somebody means
(`products`, `variants`, `lines`), products side by side (`comparison`), answers from their data alone
(`questions`, `phrases`), the basket (`basket`, `changes`), the way from it to a payment link (`checkout`)
and to the door (`orders`), and how the shop's nouns look in a tool's answer (`cards`, `refusals`,
`messages`). Nothing is ordered and no basket emptied before a person has said yes.
Must not know: HTTP, intents, what was shown before. The shop is reached through `shop.Shop` alone.
"""
