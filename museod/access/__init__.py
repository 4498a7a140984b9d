"""
Access: who is calling, on whose word, and how much of it we take.

Owns principals, tokens and token buckets. Must not know tools, frames or children: what a role may call is
the gateway's policy.
"""
