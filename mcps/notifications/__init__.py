"""
The notifications server: messages that leave the shop.

Owns: who may write to whom (`permission`), the mail itself (`mail`), how it leaves (`delivery`: an SMTP
server, or files in a mailbox directory where none is configured), and that one idempotency key sends once
(`sent`). Must not know: the shop's API, chats, intents.
"""
