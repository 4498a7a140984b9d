"""Newline framing: one message per line, as MCP's stdio transport has it."""

from __future__ import annotations

from museod.errors import MessageTooLarge

# MCP results with pictures reach several MiB; above 16 MiB a child is broken or hostile.
MAX_LINE_BYTES = 16 * 1024 * 1024


class LineReader:
    """
    Splits a byte stream into lines; keeps at most one unfinished line of `limit` bytes.

    `feed` returns the lines that are complete now, without their newline and without blank ones.
    """

    def __init__(self, limit: int = MAX_LINE_BYTES) -> None:
        self._limit = limit
        self._rest = bytearray()  # one buffer, so that tiny reads cost what they hold and no more

    def feed(self, data: bytes) -> list[bytes]:
        """
        Take what was read and return the complete lines.

        Raises:
            MessageTooLarge: the unfinished line is over the limit; the stream cannot be read on.
        """
        end = data.find(b"\n")
        if end < 0:
            self._keep(data)
            return []
        lines: list[bytes] = []
        if self._rest:  # the end of what is perhaps large: copied once and not with all that follows
            self._keep(data[:end])
            lines.append(bytes(self._rest))
            self._rest = bytearray()
            data = data[end + 1 :]
        lines += data.split(b"\n")
        self._keep(lines.pop())
        if any(len(line) > self._limit for line in lines):
            raise MessageTooLarge(f"A line is over {self._limit} bytes.")
        return [line for line in lines if line and not line.isspace()]

    def _keep(self, data: bytes) -> None:
        self._rest += data
        if len(self._rest) > self._limit:
            raise MessageTooLarge(f"A line is over {self._limit} bytes.")


def to_line(message: bytes) -> bytes:
    """
    One message as one line.

    A valid message holds newlines only as white space between tokens, so blanks may replace them.
    """
    if b"\n" in message:
        message = message.replace(b"\n", b" ")
    return message + b"\n"
