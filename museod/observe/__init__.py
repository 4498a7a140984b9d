"""
Observation: who is being served, what is logged, what is counted.

Owns the context variables that tie a log line to a message, the redaction of secrets, and the metrics
registry. Must not know what is observed: names of tools and children arrive as plain strings.
"""
