"""
The storefront server: what a shopper finds, looks at and puts into a basket.

Owns: the reading of a query into filters (`search`), which product and variant somebody means (`products`,
`variants`), the basket (`basket`), and how the shop's nouns look in a tool's answer (`cards`, `refusals`).
Must not know: HTTP, intents, what was shown before. The shop is reached through `shop.Shop` alone.
"""
