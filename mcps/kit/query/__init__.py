"""
What a shopper's words say besides the words: price limits, brand, colour, size, storage, order, amounts.

Shared by the server that finds out what a message wants and the one that searches the catalogue, which may
not know each other, so that "under 500" means the same to both. Owns: the tables of each language (`english`,
`german`, ...) and the reading of them (`terms`, `numbers`). Must not know: intents, tools, the shop's API.
Another language is another table.
"""
