"""
From a bearer token to the caller it speaks for, and back.

A token is a JWT or an API key. Signatures are PyJWT's work; what the claims mean is decided here, on a clock
that is handed in. Every key is offered for one algorithm only, whatever a token's header says
(RFC 8725, 2.1 and 3.1).
"""

from __future__ import annotations

import hashlib
import math
import secrets as random_secrets
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import jwt
import msgspec
from msgspec import UNSET, Struct, UnsetType

from museod.access.apikeys import KEY_PREFIX, ApiKeys
from museod.access.contacts import contacts_of
from museod.access.principal import Principal, Role, has_reserved_prefix, normal_user_id, principal
from museod.access.scopes import GRANTABLE
from museod.errors import ConfigError, Fault, Unauthenticated

ALGORITHM = "HS256"
# RFC 7518, 3.2: a key of the hash's size or larger.
MIN_SECRET_BYTES = 32
# Tokens travel in headers, of which a request has 16 KiB in all; ours have 300 bytes.
MAX_TOKEN_BYTES = 8192
# Clocks of two machines that are set by NTP differ by less; only `nbf` and `iat` get it, because there a
# refused token is new and its holder honest.
LEEWAY_SECONDS = 30.0
GUEST_SECONDS = 30 * 86400.0
# A verified signature costs 35 µs, a third of what an MCP request costs us: whoever sends the same token
# with every request is verified once. 1,024 tokens are as many callers as one node has at a time.
MAX_REMEMBERED = 1024

_GUEST_TYPE = "guest+jwt"
# RFC 9068 names at+jwt; most issuers write JWT or nothing.
_CALLER_TYPES = (None, "jwt", "at+jwt", "application/at+jwt")


@dataclass(frozen=True, slots=True)
class VerifyingKey:
    """
    A key and the one algorithm it may be used with; `key` is what PyJWT takes for that algorithm.

    `is_ours`: only whom we trust with everything can sign with it.
    """

    algorithm: str
    key: Any
    is_ours: bool = True


class KeySource(Protocol):
    """
    Keys that may have signed a caller's token.

    Without a checkpoint: a source that fetches keys does so in a task of its own and answers from what it
    has.
    """

    def candidates(self, key_id: str | None) -> Sequence[VerifyingKey]:
        """The keys to try for a token whose header names `key_id` (or none), likeliest first."""

    def remedy(self, key_id: str | None) -> str | None:
        """What its holder can do when none of them fits, if there is more to say than to get a new token."""


class SharedSecrets:
    """
    The secrets of MCP_JWT_SECRET, newest first; each may have signed any token.

    Raises:
        ConfigError: one is too short, or looks like a public key (which everybody knows).
    """

    def __init__(self, secrets: Iterable[str]) -> None:
        self._keys = tuple(VerifyingKey(ALGORITHM, secret) for secret in checked_secrets(secrets))

    def candidates(self, key_id: str | None) -> Sequence[VerifyingKey]:  # noqa: ARG002 - ours have no ids
        return self._keys

    def remedy(self, key_id: str | None) -> str | None:  # noqa: ARG002
        return None


def checked_secrets(secrets: Iterable[str]) -> list[bytes]:
    """
    The secrets as bytes.

    Raises:
        ConfigError: names every unfit one by its place in the list, never by its text.
    """
    checked: list[bytes] = []
    faults: list[Fault] = []
    hmac = jwt.get_algorithm_by_name(ALGORITHM)
    for position, secret in enumerate(secrets, start=1):
        data = secret.encode()
        remedy = None
        if len(data) < MIN_SECRET_BYTES:
            remedy = f"has {len(data)} bytes, at least {MIN_SECRET_BYTES} are needed"
        else:
            try:
                hmac.prepare_key(data)
            except jwt.InvalidKeyError:
                remedy = "is a public key or certificate, which is no secret"
        if remedy is None:
            checked.append(data)
        else:
            faults.append(
                Fault(
                    "environment",
                    "MCP_JWT_SECRET",
                    f"secret {position} {remedy}; make one with `openssl rand -base64 48`",
                )
            )
    if faults:
        raise ConfigError(faults)
    return checked


class _Claims(Struct):
    sub: str | UnsetType = UNSET
    exp: float | UnsetType = UNSET
    nbf: float | UnsetType = UNSET
    iat: float | UnsetType = UNSET
    iss: str | UnsetType = UNSET
    aud: str | list[str] | UnsetType = UNSET
    role: str | UnsetType = UNSET
    scope: str | list[str] | UnsetType = UNSET
    scopes: str | list[str] | UnsetType = UNSET
    contacts: dict[str, str] | UnsetType = UNSET


_jws = jwt.PyJWS()
_decode_claims = msgspec.json.Decoder(_Claims).decode


class TokenReader:
    """
    Reads tokens.

    Args:
        sources: whose signatures are good for callers' tokens.
        guest_keys: what museod signs guest tokens with, newest first; a token under one of them is a guest
            whatever it claims, and no other token can be one of museod's guests.
        api_keys: the keys that are accepted, if any.
        issuer, audience: what `iss` and `aud` must be or contain; None: not checked.
        now: seconds since 1970.
    """

    def __init__(
        self,
        sources: Sequence[KeySource],
        *,
        guest_keys: Sequence[bytes] = (),
        api_keys: ApiKeys | None = None,
        issuer: str | None = None,
        audience: str | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._sources = tuple(sources)
        self._guest_keys = tuple(VerifyingKey(ALGORITHM, key) for key in guest_keys)
        self._api_keys = api_keys
        self._issuer = issuer
        self._audience = audience
        self._now = now
        self._remembered: OrderedDict[bytes, Principal] = OrderedDict()

    def read(self, token: str) -> Principal:
        """
        The caller that `token` speaks for.

        Raises:
            Unauthenticated: nobody vouches for it; the text says what to do, and what is wrong with the
                claims only once the signature is good.
        """
        if len(token) > MAX_TOKEN_BYTES:
            raise Unauthenticated(
                f"The token is over {MAX_TOKEN_BYTES} bytes; ask its issuer for fewer claims."
            )
        if not token.isascii() or not token:
            raise Unauthenticated("This is no token: send a JWT or an API key as `Authorization: Bearer …`.")
        if token.startswith(KEY_PREFIX):
            if self._api_keys is None:
                raise Unauthenticated("API keys are not accepted here: send a JWT.")
            return self._api_keys.read(token)
        digest = hashlib.sha256(token.encode("ascii")).digest()  # the token itself is not kept in memory
        known = self._remembered.get(digest)
        if known is None:
            known = self._verified(token)
            self._remember(digest, known)
        else:
            self._remembered.move_to_end(digest)
        if known.expires_at is not None and known.expires_at <= self._now():
            self._remembered.pop(digest, None)
            raise _expired()
        return known

    def forget(self) -> None:
        """Verify every token anew: the keys have changed."""
        self._remembered.clear()

    def _remember(self, digest: bytes, caller: Principal) -> None:
        self._remembered[digest] = caller
        if len(self._remembered) > MAX_REMEMBERED:
            self._remembered.popitem(last=False)

    def _verified(self, token: str) -> Principal:
        try:
            header = jwt.get_unverified_header(token)
        except jwt.InvalidTokenError:
            raise Unauthenticated(
                "This is no token: send a JWT or an API key as `Authorization: Bearer …`."
            ) from None
        kind = header.get("typ")
        kind = kind.lower() if isinstance(kind, str) else kind
        if kind == _GUEST_TYPE:
            payload, _ = _verified_by(token, self._guest_keys)
            return self._guest(_claims(payload))
        if kind not in _CALLER_TYPES:
            raise Unauthenticated("Tokens of this type are not accepted: send an access token.")
        key_id = header.get("kid")
        if not self._sources:
            raise Unauthenticated(
                "No tokens are accepted here: the operator must set MCP_JWT_SECRET or MCP_JWKS_URL first."
            )
        keys = [key for source in self._sources for key in source.candidates(key_id)]
        try:
            payload, key = _verified_by(token, keys)
        except Unauthenticated:
            remedies = [text for source in self._sources if (text := source.remedy(key_id))]
            if not remedies:
                raise
            raise Unauthenticated(" ".join(remedies)) from None
        # An identity provider that we know by its keys alone may serve many; what its tokens ask for beyond
        # their role counts only when the operator has said which issuer is meant.
        return self._caller(_claims(payload), may_ask=key.is_ours or self._issuer is not None)

    def _guest(self, claims: _Claims) -> Principal:
        sub, expires_at = self._identity(claims)
        if not sub.startswith("guest:"):
            raise _refused("is no guest's; connect without it to get a new one")
        return Principal(sub=normal_user_id(sub), role=Role.GUEST, expires_at=expires_at)

    def _caller(self, claims: _Claims, *, may_ask: bool) -> Principal:
        sub, expires_at = self._identity(claims)
        if has_reserved_prefix(sub):
            raise _refused("has a `sub` with a prefix that only museod sets; use another `sub`")
        if self._issuer is not None and claims.iss != self._issuer:
            raise _refused("comes from another issuer (`iss`); get one from the issuer configured here")
        if self._audience is not None and self._audience not in _listed(claims.aud):
            raise _refused("is for another audience (`aud`); ask its issuer for one for this service")
        role = _role(claims.role)
        asked = frozenset(_words(claims.scope)) | frozenset(_words(claims.scopes))
        granted = asked & GRANTABLE[role] if may_ask else frozenset()
        base = principal(normal_user_id(sub), role, extra_scopes=granted)
        try:
            contacts = contacts_of({} if claims.contacts is UNSET else claims.contacts)
        except ValueError as error:
            raise _refused(f"has unfit contacts: {error}") from None
        return Principal(
            sub=base.sub, role=role, scopes=base.scopes, contacts=contacts, expires_at=expires_at
        )

    def _identity(self, claims: _Claims) -> tuple[str, float]:
        """`sub` and `exp`, after the checks of time that every token undergoes."""
        now = self._now()
        if claims.exp is UNSET:
            raise _refused("has no end; ask its issuer for one with `exp`")
        if claims.exp <= now:
            raise _expired()
        if claims.sub is UNSET or not claims.sub:
            raise _refused("names nobody; ask its issuer for one with `sub`")
        if claims.nbf is not UNSET and claims.nbf > now + LEEWAY_SECONDS:
            raise _refused("is not valid yet (`nbf`); wait, or set the clocks")
        if claims.iat is not UNSET and claims.iat > now + LEEWAY_SECONDS:
            raise _refused("was issued in the future (`iat`); set the clocks of both machines")
        return claims.sub, claims.exp


def mint(
    secret: str,
    sub: str,
    role: Role,
    *,
    ttl_seconds: float,
    scopes: Iterable[str] = (),
    contacts: Mapping[str, str] | None = None,
    issuer: str | None = None,
    audience: str | None = None,
    now: float | None = None,
) -> str:
    """
    A caller's token, as `TokenReader` takes it.

    Raises:
        ConfigError: the secret is too short.
        ValueError: such a token would be refused, or a scope of it ignored; the text says why.
    """
    (key,) = checked_secrets([secret])
    if not sub or has_reserved_prefix(sub):
        raise ValueError("sub must not be empty, nor begin with guest:, whatsapp:, instagram: or local:")
    if ttl_seconds <= 0:
        raise ValueError("the time to live must be more than 0 seconds")
    asked = frozenset(scopes)
    if unfit := asked - GRANTABLE[role]:
        raise ValueError(f"role {role.value} cannot have the scopes {', '.join(sorted(unfit))}")
    issued_at = time.time() if now is None else now
    claims: dict[str, Any] = {"sub": sub, "role": role.value, "iat": int(issued_at)}
    claims["exp"] = math.ceil(issued_at + ttl_seconds)
    if asked:
        claims["scopes"] = sorted(asked)
    if contacts:
        claims["contacts"] = contacts_of(contacts)
    if issuer is not None:
        claims["iss"] = issuer
    if audience is not None:
        claims["aud"] = audience
    return jwt.encode(claims, key, algorithm=ALGORITHM)


def mint_guest(guest_key: bytes, *, ttl_seconds: float = GUEST_SECONDS, now: float | None = None) -> str:
    """A token for a new guest with a random name, under museod's own key."""
    issued_at = time.time() if now is None else now
    claims = {
        "sub": f"guest:{random_secrets.token_hex(16)}",
        "iat": int(issued_at),
        "exp": math.ceil(issued_at + ttl_seconds),
    }
    return jwt.encode(claims, guest_key, algorithm=ALGORITHM, headers={"typ": _GUEST_TYPE})


def _verified_by(token: str, keys: Iterable[VerifyingKey]) -> tuple[bytes, VerifyingKey]:
    """The payload, and which of the keys signed it."""
    for key in keys:
        try:
            payload: bytes = _jws.decode(token, key.key, algorithms=[key.algorithm])
        except jwt.InvalidTokenError:
            continue
        return payload, key
    raise Unauthenticated("Nobody we trust signed this token: get a new one from who issued it.")


def _claims(payload: bytes) -> _Claims:
    try:
        return _decode_claims(payload)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise _refused("has claims of another form; ask its issuer for a plain JWT (RFC 7519)") from None


def _role(text: str | UnsetType) -> Role:
    if text is UNSET:
        return Role.CUSTOMER
    try:
        return Role(text)
    except ValueError:
        raise _refused(f"has an unknown `role`; use one of {', '.join(Role)}") from None


def _listed(value: str | list[str] | UnsetType) -> list[str]:
    if value is UNSET:
        return []
    return [value] if isinstance(value, str) else value


def _words(value: str | list[str] | UnsetType) -> list[str]:
    return value.split() if isinstance(value, str) else _listed(value)


def _refused(what: str) -> Unauthenticated:
    return Unauthenticated(f"The token {what}.")


def _expired() -> Unauthenticated:
    return Unauthenticated("The token's time is over: get a new one from who issued it.")
