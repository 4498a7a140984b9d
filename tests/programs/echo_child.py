"""
A small, fast MCP server over stdio, in both eras: the child that benchmarks and tests put behind the daemon.

It reads in large blocks, decodes envelopes only, and answers every block with one write, so that its own
cost is a constant that is easy to subtract. Tools: `echo(text)`, `big(n)` gives n characters, `slow(ms)`
blocks the whole child, `pid()`. Run it by path: it imports nothing of the project.

    echo_child.py [--cpu N] [--legacy] [--read-only] [--tag ANY]

`--cpu` pins it to one core, `--legacy` hides the modern era, `--read-only` marks the tools as safe to run
again, `--tag` is ignored: it makes one run's processes recognisable by their command line.
"""

import argparse
import os
import time

import msgspec
from msgspec import Raw, Struct

READ_BYTES = 256 * 1024  # what a pipe can be widened to; fewer system calls for results of this size
LEGACY_REVISIONS = ("2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05")
MODERN_KEY = b'"io.modelcontextprotocol/protocolVersion"'
SERVER_INFO = b'{"name":"echo-child","version":"1.0"}'


class Envelope(Struct):
    method: str = ""
    id: Raw = Raw()
    params: Raw = Raw()


class Call(Struct):
    name: str
    arguments: Raw = Raw(b"{}")


class Arguments(Struct):
    text: Raw = Raw(b'""')
    n: int = 0
    ms: int = 0


class Initialize(Struct):
    protocolVersion: str = LEGACY_REVISIONS[0]  # noqa: N815 - the wire's spelling


decode_envelope = msgspec.json.Decoder(Envelope).decode
decode_call = msgspec.json.Decoder(Call).decode
decode_arguments = msgspec.json.Decoder(Arguments).decode
decode_initialize = msgspec.json.Decoder(Initialize).decode

texts_of_size: dict[int, bytes] = {}  # `big` is asked for one or two sizes over and over


def tool_list(read_only: bool) -> bytes:
    """The encoded array of tools."""

    def tool(name: str, **properties: str) -> dict[str, object]:
        schema = {
            "type": "object",
            "properties": {key: {"type": kind} for key, kind in properties.items()},
            "required": list(properties),
        }
        listed: dict[str, object] = {"name": name, "description": name, "inputSchema": schema}
        if read_only:
            listed["annotations"] = {"readOnlyHint": True, "idempotentHint": True}
        return listed

    return msgspec.json.encode(
        [tool("echo", text="string"), tool("big", n="integer"), tool("slow", ms="integer"), tool("pid")]
    )


def characters(count: int) -> bytes:
    """A JSON string of `count` characters, built once per size."""
    text = texts_of_size.get(count)
    if text is None:
        text = texts_of_size[count] = b'"' + (b"0123456789abcdef" * (count // 16 + 1))[:count] + b'"'
    return text


def called(call: Call) -> bytes | None:
    """The text of a tool's answer as encoded JSON string, or None for a tool we do not have."""
    arguments = decode_arguments(call.arguments)
    if call.name == "echo":
        return bytes(arguments.text)
    if call.name == "big":
        return characters(arguments.n)
    if call.name == "slow":
        time.sleep(arguments.ms / 1000)
        return b'"slept"'
    if call.name == "pid":
        return b'"%d"' % os.getpid()
    return None


class Server:
    """Answers one line at a time; holds nothing but what the command line chose."""

    def __init__(self, *, legacy: bool, read_only: bool) -> None:
        self.legacy = legacy
        self.tools = tool_list(read_only)

    def answer(self, line: bytes) -> bytes:
        """The response line for one request line, or nothing for a notification."""
        message = decode_envelope(line)
        if not message.id:
            return b""
        head = b'{"jsonrpc":"2.0","id":' + bytes(message.id)
        is_modern = MODERN_KEY in line
        complete = b'"resultType":"complete",' if is_modern else b""
        method = message.method
        if method == "tools/call":
            text = called(decode_call(message.params))
            if text is None:
                return head + b',"error":{"code":-32602,"message":"Unknown tool"}}\n'
            return head + b',"result":{%b"content":[{"type":"text","text":%b}],"isError":false}}\n' % (
                complete,
                text,
            )
        if method == "tools/list":
            hints = b',"ttlMs":60000,"cacheScope":"public"' if is_modern else b""
            return head + b',"result":{%b"tools":%b%b}}\n' % (complete, self.tools, hints)
        if method == "initialize":
            asked = decode_initialize(message.params).protocolVersion
            revision = asked if asked in LEGACY_REVISIONS else LEGACY_REVISIONS[0]
            return head + (
                b',"result":{"protocolVersion":"%b","capabilities":{"tools":{}},"serverInfo":%b}}\n'
                % (revision.encode(), SERVER_INFO)
            )
        if method == "server/discover" and not self.legacy:
            return head + (
                b',"result":{"resultType":"complete","supportedVersions":["2026-07-28"],'
                b'"capabilities":{"tools":{}},"ttlMs":60000,"cacheScope":"public",'
                b'"_meta":{"io.modelcontextprotocol/serverInfo":%b}}}\n' % SERVER_INFO
            )
        if method == "ping":
            return head + b',"result":{}}\n'
        return head + b',"error":{"code":-32601,"message":"Method not found"}}\n'


def serve(server: Server) -> None:
    """Answer standard input until it ends; blocks, one write per block read."""
    tail: list[bytes] = []
    while block := os.read(0, READ_BYTES):
        if b"\n" not in block:  # joined once when the newline comes: linear on long lines
            tail.append(block)
            continue
        lines = (b"".join(tail) + block).split(b"\n")
        last = lines.pop()
        tail = [last] if last else []
        unsent = memoryview(b"".join([server.answer(line) for line in lines if line]))
        while unsent:
            unsent = unsent[os.write(1, unsent) :]


def main() -> None:
    parser = argparse.ArgumentParser(description="A small MCP server that echoes.")
    parser.add_argument("--cpu", type=int)
    parser.add_argument("--legacy", action="store_true")
    parser.add_argument("--read-only", action="store_true")
    parser.add_argument("--tag")
    options = parser.parse_args()
    if options.cpu is not None:
        os.sched_setaffinity(0, {options.cpu})
    serve(Server(legacy=options.legacy, read_only=options.read_only))


if __name__ == "__main__":
    main()
