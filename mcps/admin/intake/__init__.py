"""
From a file that somebody sent to rows that are products.

Owns: encodings, separators, JSON and spreadsheets, the guess which column is what, and the process with
limits in which all of that runs. Must not know: the shop's API, who asks, what is done with the rows.
Everything but `reading` runs in that process only: a file may be made to exhaust whoever reads it.
"""
