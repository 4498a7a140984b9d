"""Service accounts and their access tokens: RS256, fifteen minutes, signed with the sandbox's own key."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key

from mcps.museo.sandbox import ids
from mcps.museo.sandbox.problems import ProblemError
from mcps.museo.sandbox.state import State

LIFETIME_SECONDS = 900
LEEWAY_SECONDS = 5  # clocks of two machines; here it is one, but the rule is the shop's
ISSUER = "urn:museo:sandbox"
AUDIENCE = "museo-api"
MAX_KNOWN = 1_024  # verified tokens kept; a client has one or two

SCOPES = (
    "catalog:read",
    "basket:read",
    "basket:write",
    "orders:read",
    "orders:write",
    "payment:read",
    "alerts:write",
    "admin:products:read",
    "admin:products:write",
    "admin:products:delete",
)


@dataclass(frozen=True, slots=True)
class Account:
    """A service account: its key and secret, and all it may ask for."""

    key: str
    secret: str
    scopes: tuple[str, ...] = SCOPES

    @property
    def id(self) -> str:
        """The `sub` of its tokens; tells nothing about the key."""
        return ids.stable_id("svc", self.key)

    def admits(self, key: str, secret: str) -> bool:
        """Whether these are its credentials; takes the same time for every wrong answer."""
        return _same(self.key, key) & _same(self.secret, secret)


@dataclass(frozen=True, slots=True)
class Grant:
    """What a valid token says: who, what for, until when."""

    account: str
    scopes: frozenset[str]
    expires_at: float


class Issuer:
    """Makes and checks tokens; its key lives in the state file, so that tokens outlive a restart."""

    def __init__(self, state: State, account: Account) -> None:
        self.account = account
        pem = state.secret("signing", _new_key)
        key = serialization.load_pem_private_key(pem, password=None)
        assert isinstance(key, RSAPrivateKey)  # noqa: S101 - we wrote it
        self._key = key
        self._public = key.public_key()
        self._key_id = hashlib.sha256(pem).hexdigest()[:16]
        self._known: dict[str, Grant] = {}
        self._state = state

    def issue(self, scopes: frozenset[str], now: datetime) -> str:
        """A token for the account."""
        moment = int(now.timestamp())
        claims = {
            "iss": ISSUER,
            "sub": self.account.id,
            "aud": AUDIENCE,
            "iat": moment,
            "exp": moment + LIFETIME_SECONDS,
            "jti": ids.new_id("jti"),
            "scope": " ".join(sorted(scopes)),
            "gen": self._generation(),
        }
        return jwt.encode(claims, self._key, algorithm="RS256", headers={"kid": self._key_id})

    def check(self, authorization: str | None, now: datetime) -> Grant:
        """
        What the Authorization header allows.

        Raises:
            ProblemError: invalid_token; the text says whether it is missing, expired or not ours.
        """
        scheme, _, token = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise _refused("Send an access token: Authorization: Bearer …")
        grant = self._known.get(token)
        if grant is None:
            grant = self._read(token.strip())
            if len(self._known) >= MAX_KNOWN:
                self._known.clear()
            self._known[token] = grant
        if now.timestamp() >= grant.expires_at + LEEWAY_SECONDS:
            del self._known[token]
            raise _refused("The access token has expired; get a new one.")
        return grant

    def expire_all(self) -> None:
        """Refuse all tokens of before, as if their time were over."""
        self._known.clear()
        self._state.set("token_generation", self._generation() + 1)

    def _generation(self) -> float:
        return self._state.setting("token_generation")

    def key_set(self) -> dict[str, list[dict[str, object]]]:
        """The public key as a JWK set (RFC 7517)."""
        jwk = jwt.algorithms.RSAAlgorithm.to_jwk(self._public, as_dict=True)
        return {"keys": [{**jwk, "use": "sig", "alg": "RS256", "kid": self._key_id}]}

    def _read(self, token: str) -> Grant:
        try:
            claims = jwt.decode(
                token,
                self._public,
                algorithms=["RS256"],
                audience=AUDIENCE,
                issuer=ISSUER,
                # Expiry is judged in `check`, on every use and by the sandbox's own clock.
                options={"require": ["exp", "iat", "sub", "scope"], "verify_exp": False, "verify_iat": False},
            )
        except jwt.InvalidTokenError:
            raise _refused("The access token is not valid here; get one from /api/v1/auth/token.") from None
        if claims["sub"] != self.account.id:
            raise _refused("The access token belongs to an account that is not known any more.")
        if claims.get("gen", 0) != self._generation():
            raise _refused("The access token has expired; get a new one.")
        return Grant(claims["sub"], frozenset(str(claims["scope"]).split()), float(claims["exp"]))


def _new_key() -> bytes:
    return generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _same(ours: str, theirs: str) -> bool:
    # Digests, because compare_digest tells lengths apart.
    digests = (hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest() for text in (ours, theirs))
    return hmac.compare_digest(*digests)


def _refused(detail: str) -> ProblemError:
    challenge = 'Bearer realm="museo", error="invalid_token"'
    return ProblemError("invalid_token", detail, headers=[("WWW-Authenticate", challenge)])
