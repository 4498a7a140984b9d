"""The names of everything that is stored, as the design document has them ("Database Schema")."""

from __future__ import annotations

import hashlib

ANSWER_PREFIX = "answer:"
CONFIRMATION_PREFIX = "confirmation:"
CONVERSATION_PREFIX = "conversation:"
REQUEST_PREFIX = "request:"
PROCESS_PREFIX = "mcp:process:"


def conversation(user_id: str) -> str:
    """The conversation of one user."""
    return f"{CONVERSATION_PREFIX}{user_id}"


def conversation_lock(user_id: str) -> str:
    """The lock under which one turn of that user runs."""
    return f"{conversation(user_id)}:lock"


def answer(user_id: str, conversation_id: str, message_id: str, text: str) -> str:
    """
    The first answer to one message of a user.

    The text is part of the name: the same id with other words is another message. Only a digest of it is
    visible, and lengths stand before the parts, so that no two quadruples give one name.
    """
    digest = hashlib.sha256()
    for part in (conversation_id, message_id, text):
        encoded = part.encode("utf-8", "surrogatepass")
        digest.update(len(encoded).to_bytes(8, "big"))
        digest.update(encoded)
    return f"{ANSWER_PREFIX}{user_id}:{digest.hexdigest()}"


def confirmation(user_id: str, ticket: str) -> str:
    """One call of one user that waits for a yes."""
    return f"{CONFIRMATION_PREFIX}{user_id}:{ticket}"


def request(owner: str, request_hash: str) -> str:
    """
    One cached result of one owner (empty: the same for everybody).

    The owner is in the hash and not beside it, so that the name tells nobody who asked.
    """
    named = f"{owner}\0{request_hash}".encode("utf-8", "surrogatepass")
    return f"{REQUEST_PREFIX}{hashlib.sha256(named).hexdigest()}"


def epoch(owner_tag: str) -> str:
    """
    The epoch of an owner's cached results: those of an older epoch do not count any more.

    It outlives the owner's erasure by an hour, hence the tag (`sealing.Sealer.owner_tag`) instead of the id.
    """
    return f"{REQUEST_PREFIX}epoch:{owner_tag}"


def process_status(name: str) -> str:
    """`running`, `stopped` or `error`. `name` is `child`, or `child@node` where nodes have names."""
    return f"{PROCESS_PREFIX}{name}:status"


def process_pid(name: str) -> str:
    """The process id of that child."""
    return f"{PROCESS_PREFIX}{name}:pid"


def process_stats(name: str) -> str:
    """Its usage figures as JSON."""
    return f"{PROCESS_PREFIX}{name}:stats"
