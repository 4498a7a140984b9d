"""
Transports: bytes on pipes and sockets to whole messages and back, on Trio.

Owns framing, back-pressure, write coalescing and the deadlines of each medium. Must not know what a message
means: a channel carries opaque bytes, HTTP carries requests to a handler.
"""
