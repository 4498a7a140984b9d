"""
The notifications server: e-mail, SMS and WhatsApp messages that leave the shop.

Owns: who may write to whom (`permission`), who wants what and when (`consent`, `quiet`), the wording
(`templates`, `mail`, `segments`), the outbox (`outbox`) and the tasks that empty it (`worker`), and the ways
out: `smtp`, `twilio`, `whatsapp`, or files (`mailbox`) for a channel without a provider. Must not know: the
shop's API, chats, intents.

The cut: a call only writes to the outbox, and what is written there (one row per person) is tried until it
is delivered or given up visibly (log `message_given_up`, and `deadLetters` in outbox.json). Everything that
sends reads the outbox, so a process that dies loses nothing and several on one state directory share the work
by leases.

How often a message arrives. What was never handed to a provider is handed over once. When a provider's answer
is lost (a cut connection, a killed process), the message is repeated: a mail with the same Message-ID, which
most receivers drop; an SMS only after Twilio's own list does not show it; a WhatsApp message without such a
check, because Meta offers none, and therefore at most three times. There can be no other duplicates.

Configuration, beside the variables of the providers: MCP_QUIET_HOURS ("21:00-08:00 Europe/Berlin", "off";
without a zone the machine's own), MCP_CONSENT_FILE (see `consent`).
"""
