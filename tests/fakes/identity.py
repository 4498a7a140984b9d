"""An identity provider: keys made a moment ago, tokens signed with them, and the set that publishes them."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from museod.errors import ChannelBroken
from museod.transports.http_client import HttpAnswer
from museod.transports.http_head import Headers


@cache
def rsa_key(name: str, bits: int = 2048) -> rsa.RSAPrivateKey:
    """A key of its own for each name; making one takes a tenth of a second."""
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


@cache
def ec_key(name: str) -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def jwk_of(kid: str | None, key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, **members: Any) -> Any:
    """The public half as a JWK."""
    if isinstance(key, rsa.RSAPrivateKey):
        made: dict[str, Any] = json.loads(RSAAlgorithm.to_jwk(key.public_key()))
    else:
        made = json.loads(ECAlgorithm.to_jwk(key.public_key()))
    made.pop("key_ops", None)
    return {**made, **({} if kid is None else {"kid": kid}), **members}


class Provider:
    """Publishes the keys in `kids`; `body` and `status` override what it answers, `is_away` that it does."""

    def __init__(self, *kids: str) -> None:
        self.kids = list(kids or ("one",))
        self.asked = 0
        self.is_away = False
        self.status = 200
        self.body: bytes | None = None

    def published(self) -> bytes:
        if self.body is not None:
            return self.body
        return json.dumps(
            {"keys": [jwk_of(kid, rsa_key(kid), use="sig", alg="RS256") for kid in self.kids]}
        ).encode()

    async def fetch(self, _: str) -> HttpAnswer:
        """In place of `http_client.fetch`."""
        self.asked += 1
        if self.is_away:
            raise ChannelBroken("away")
        return HttpAnswer(self.status, Headers(), self.published())

    def sign(
        self,
        kid: str,
        claims: dict[str, Any] | None = None,
        *,
        names_key: bool = True,
        now: float | None = None,
    ) -> str:
        """A token for Ann under the key of that id."""
        exp = (time.time() if now is None else now) + 60
        full = {"sub": "ann", "exp": exp, "iss": "https://id.example", **(claims or {})}
        return jwt.encode(full, rsa_key(kid), "RS256", headers={"kid": kid} if names_key else None)

    @contextmanager
    def running_in_a_thread(self, port: int = 0) -> Iterator[str]:
        """Serve on the loopback until the block ends; gives the URL of the set."""
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                provider.asked += 1
                body = provider.published()
                self.send_response(provider.status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                pass

        with HTTPServer(("127.0.0.1", port), Handler) as server:
            thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
            thread.start()
            try:
                yield f"http://127.0.0.1:{server.server_port}/keys"
            finally:
                server.shutdown()
                thread.join()
