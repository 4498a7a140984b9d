"""
The intent server: what a sentence asks for, and which tool would serve it.

Owns: the intents, the grammar of each language (`grammars`, tables of patterns and words), the reading of
entities, the mapping from intent to tool, quick replies. Must not know: the shop's API, what was shown,
whether the caller may do it. Judging is pure and offline. `analysis` is where the layers meet: patterns
first; what they leave unclear falls to `fallback`, and a model would stand between the two.
"""
