"""
One conversation with one person: from a chat message to the tools that serve it and back to words.

Owns: chat frames, who a frame speaks for, the conversation's memory of what was shown and asked, the table
from intent to tool calls, the texts in every language, the neutral reply and its rendering per channel, the
engine that answers one message and the session that serves one socket; what waits for a person's yes, and the
conversations that humans of the shop have taken over.
Must not know: sockets, processes, stores' engines, what a tool does inside.
Cut this way so that everything that decides (`plan`, `reference`, `reply`, `render`) is a pure function of
what was said and what the tools returned, and only `engine`, `understanding`, `acting`, `desk` and
`session` wait for anything. No price, stock figure, order number or link in a reply has another source than a
tool result of the same turn: `truth` looks at each reply before it is rendered.
"""
