"""A Loki that takes pushes as the real one does, and refuses what the real one would."""

from __future__ import annotations

import gzip
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

_LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")


class FakeLoki:
    """Keeps each line once per stream and time; `refusals` are answered first, as (status, Retry-After)."""

    def __init__(self) -> None:
        self.streams: dict[tuple[tuple[str, str], ...], dict[tuple[str, str], None]] = {}
        self.refusals: list[tuple[int, str | None]] = []
        self.pushes: list[int] = []  # the status of each answer

    @property
    def lines(self) -> list[str]:
        """All lines, in the order of their times."""
        entries = [entry for stream in self.streams.values() for entry in stream]
        return [line for _, line in sorted(entries, key=lambda entry: int(entry[0]))]

    @property
    def events(self) -> list[str]:
        """The event name of each line."""
        return [json.loads(line)["message"] for line in self.lines]

    def take(self, body: bytes) -> None:
        """
        Keep the lines of one push.

        Raises:
            AssertionError: the body is not what Loki takes.
        """
        for stream in json.loads(gzip.decompress(body))["streams"]:
            labels: dict[str, Any] = stream["stream"]
            assert labels
            assert all(
                _LABEL.fullmatch(name) and isinstance(value, str) and value for name, value in labels.items()
            )
            kept = self.streams.setdefault(tuple(sorted(labels.items())), {})
            for nanoseconds, line in stream["values"]:
                assert re.fullmatch(r"[0-9]{19}", nanoseconds)
                assert isinstance(line, str)
                kept[nanoseconds, line] = None

    @contextmanager
    def running(self, port: int = 0) -> Iterator[int]:
        """Serve on the loopback until the block ends; gives the port."""
        loki = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status, after = loki.refusals.pop(0) if loki.refusals else (204, None)
                if status == 204:
                    try:
                        assert self.path == "/loki/api/v1/push"
                        assert self.headers["Content-Type"] == "application/json"
                        assert self.headers["Content-Encoding"] == "gzip"
                        loki.take(body)
                    except (AssertionError, KeyError, ValueError, OSError):
                        status = 400
                loki.pushes.append(status)
                self.send_response(status)
                if after is not None:
                    self.send_header("Retry-After", after)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        with HTTPServer(("127.0.0.1", port), Handler) as server:
            thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
            thread.start()
            try:
                yield server.server_port
            finally:
                server.shutdown()
                thread.join()
