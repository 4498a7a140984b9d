"""The console's files: read once, sent with headers that let nothing foreign run."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib.resources import files

from museod.transports.http1 import HttpRequest, HttpResponse

_TYPES = {
    "html": "text/html; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "svg": "image/svg+xml",
}
# The page may load pictures of products from wherever the shop has them, and nothing else from elsewhere.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: http: https:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_SECURITY = [
    ("Content-Security-Policy", POLICY),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
]


@dataclass(frozen=True, slots=True)
class _File:
    body: bytes
    kind: str
    etag: str


class Pages:
    """The files of `museod/web`, by path; `/` is the console."""

    def __init__(self) -> None:
        self._files: dict[str, _File] = {}
        for entry in files("museod").joinpath("web").iterdir():
            suffix = entry.name.rpartition(".")[2]
            if suffix in _TYPES:
                body = entry.read_bytes()
                etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
                self._files[f"/web/{entry.name}"] = _File(body, _TYPES[suffix], etag)
        if "/web/console.html" in self._files:
            self._files["/"] = self._files["/web/console.html"]
        if "/web/favicon.svg" in self._files:
            self._files["/favicon.ico"] = self._files["/web/favicon.svg"]

    def find(self, request: HttpRequest) -> HttpResponse | None:
        """The file under the request's path, or None."""
        file = self._files.get(request.path)
        if file is None:
            return None
        headers = [
            ("Content-Type", file.kind),
            ("ETag", file.etag),
            ("Cache-Control", "no-cache"),
            *_SECURITY,
        ]
        if request.headers.get("if-none-match") == file.etag:
            return HttpResponse(304, b"", headers)
        return HttpResponse(200, file.body, headers)
