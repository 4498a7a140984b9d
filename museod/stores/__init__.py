"""
Stores: what outlives a message. Conversations, turns, first answers, cached results, process statuses.

Owns the records, the names of the keys, and how everything is sealed at rest. Must not know what a message
means, which child answered, or who may read what: user ids arrive as plain strings.

The cut: `sqlite` (later `redis`) is a small `Backend` of bytes, keys and times. Everything with meaning
(sealing, turns, locks, export, erasure) is written once on top of it, in `turns` and `sealed`, so
that two engines cannot disagree about it. Callers see the Protocols of `base` only.
"""
