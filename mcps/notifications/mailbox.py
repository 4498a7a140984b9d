"""Messages as files, for a channel that has no provider: a newcomer sees what would be sent."""

from __future__ import annotations

import os
from pathlib import Path

import trio

from mcps.notifications.mail import build
from mcps.notifications.provider import Channel, Handover, NotSent, Pace, Verdict


class Mailbox:
    """One file per message, whole or not at all: `<id>.eml`, `<id>.sms.txt` or `<id>.whatsapp.txt`."""

    name = "mailbox"
    pace = Pace(per_second=1_000.0, burst=1_000, concurrency=4)  # a disk; the channel's loop is the limit
    max_unknown = 1_000  # the same file is written again, so there are no duplicates

    def __init__(self, directory: Path, *, sender: str) -> None:
        self._directory = directory
        self._sender = sender

    async def send(self, handover: Handover) -> str:
        """Write the file; one of the same delivery is replaced."""
        try:
            return await trio.to_thread.run_sync(self._write, handover)
        except OSError as error:
            reason = f"the mailbox cannot be written: {error.strerror}"
            raise NotSent(Verdict.AWAY, reason) from None

    def _write(self, handover: Handover) -> str:
        letter = handover.letter
        if letter.channel is Channel.EMAIL:
            name, content = f"{handover.delivery_id}.eml", build(handover, sender=self._sender).as_bytes()
        else:
            name = f"{handover.delivery_id}.{letter.channel}.txt"
            head = f"To: {letter.address}\nLocale: {letter.locale}\n"
            if letter.template:
                head += f"Template: {letter.template}\n"
            content = f"{head}\n{letter.body}\n".encode()
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        begun = self._directory / f".{name}.part"
        with open(begun, "wb", opener=_private) as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        begun.replace(self._directory / name)
        return name


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
