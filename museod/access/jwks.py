"""
The public keys of an identity provider (RFC 7517), kept fresh beside whoever reads tokens.

One task fetches, so that no token ever waits for the provider and no two fetches run at once; `candidates`
answers from what is there. A provider that is away takes nothing down: the keys that are known stay good for
a day, and without any the tokens that need them are refused with the reason.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence

import jwt
import msgspec
import trio
from msgspec import Raw, Struct

from museod.access.tokens import VerifyingKey
from museod.errors import ChannelError, RemoteProtocolError
from museod.observe.logs import get_logger
from museod.transports.http_client import HttpAnswer, fetch

log = get_logger()

# How long a key that the provider withdrew stays good here; new ones are announced long before their use.
REFRESH_SECONDS = 600.0
# Between two fetches for the sake of unknown key ids: anybody can invent those.
UNKNOWN_SECONDS = 60.0
# While the provider is away: soon, because it may have restarted only, and then ever more patiently.
RETRY_SECONDS = 2.0
MAX_RETRY_SECONDS = 60.0
# Who cuts us off from the provider must not keep a withdrawn key good for ever.
STALE_SECONDS = 86_400.0
# Providers have two to ten. A token without a key id is tried with each, at 70 µs.
MAX_KEYS = 32
MIN_RSA_BITS = 2048  # RFC 7518, 3.3
MAX_RSA_BITS = 8192  # checking a signature costs with the square; nobody uses more

Fetch = Callable[[str], Awaitable[HttpAnswer]]
Keys = Mapping[str | None, Sequence[VerifyingKey]]


class _Set(Struct):
    keys: list[Raw]


class _Jwk(Struct):
    """The public members of one key; private ones that a careless provider shows are not even read."""

    kty: str
    kid: str | None = None
    use: str = "sig"
    alg: str | None = None
    key_ops: tuple[str, ...] = ("verify",)
    crv: str | None = None
    n: str | None = None
    e: str | None = None
    x: str | None = None
    y: str | None = None


_decode_set = msgspec.json.Decoder(_Set).decode
_decode_key = msgspec.json.Decoder(_Jwk).decode


def parse_keys(body: bytes) -> dict[str | None, list[VerifyingKey]]:
    """
    The keys for RS256 and ES256 signatures in a JWK set, by key id; all others are left out.

    Raises:
        ValueError: this is no JWK set.
    """
    try:
        found = _decode_set(body).keys
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise ValueError("it is no JWK set: a JSON object with a list `keys`") from None
    keys: dict[str | None, list[VerifyingKey]] = {}
    for raw in found[:MAX_KEYS]:
        try:
            jwk = _decode_key(raw)
            key = _verifying_key(jwk)
        except (msgspec.DecodeError, RecursionError, jwt.PyJWTError, ValueError):
            continue  # RFC 7517, 5: what is not understood is ignored
        if key is not None:
            keys.setdefault(jwk.kid, []).append(key)
    return keys


def _verifying_key(jwk: _Jwk) -> VerifyingKey | None:
    if jwk.use != "sig" or "verify" not in jwk.key_ops:
        return None
    if jwk.kty == "RSA" and jwk.alg in (None, "RS256"):
        key = jwt.PyJWK({"kty": "RSA", "n": jwk.n, "e": jwk.e}, "RS256").key
        is_fit = MIN_RSA_BITS <= key.key_size <= MAX_RSA_BITS
        return VerifyingKey("RS256", key, is_ours=False) if is_fit else None
    if jwk.kty == "EC" and jwk.crv == "P-256" and jwk.alg in (None, "ES256"):
        key = jwt.PyJWK({"kty": "EC", "crv": "P-256", "x": jwk.x, "y": jwk.y}, "ES256").key
        return VerifyingKey("ES256", key, is_ours=False)
    return None


class RemoteKeys:
    """
    A `KeySource` that `run` keeps supplied.

    Args:
        url: of the JWK set; https, or on this machine, as the configuration sees to.
    """

    def __init__(self, url: str, *, fetch: Fetch = fetch) -> None:
        self._url = url
        self._fetch = fetch
        self._keys: Keys = {}
        self._fetched_at = -STALE_SECONDS
        self._unknown = trio.Event()
        self._tried = trio.Event()
        self._reason = ""

    def candidates(self, key_id: str | None) -> Sequence[VerifyingKey]:
        """The keys of this id, or all for a token without one; an unknown id has the set fetched anew."""
        if key_id is None:
            return [key for keys in self._keys.values() for key in keys]
        known = self._keys.get(key_id)
        if known is None:
            self._unknown.set()
        return known or ()

    def remedy(self, key_id: str | None) -> str | None:
        """See `KeySource`."""
        if not self._keys:
            return (
                "The keys of the identity provider are not known at the moment: try again in a minute. "
                "An operator finds why in /ready and in the log (MCP_JWKS_URL)."
            )
        if key_id is not None and key_id not in self._keys:
            return (
                "The identity provider is not known to have the key that signed this token: get a new one "
                "from it, or try again in a minute if the key is new."
            )
        return None

    async def wait_tried(self) -> None:
        """Return after the first fetch, successful or not, which its deadline bounds."""
        await self._tried.wait()

    async def run(self, *, on_change: Callable[[], object], note: Callable[[str], object]) -> None:
        """
        Fetch the keys, and again, for ever.

        Args:
            on_change: called when other keys are good now: what was verified before must be verified anew.
            note: told after each fetch how the provider is: `up`, `degraded` or `down`.
        """
        failures = 0
        asked_at = -UNKNOWN_SECONDS
        while True:
            state = await self.refresh(on_change)
            note(state)
            self._tried.set()
            if state == "up":
                failures = 0
                with trio.move_on_after(REFRESH_SECONDS):
                    await self._unknown.wait()
                    await trio.sleep_until(asked_at + UNKNOWN_SECONDS)
                    asked_at = trio.current_time()
            else:
                await trio.sleep(min(MAX_RETRY_SECONDS, RETRY_SECONDS * 2**failures))
                failures = min(failures + 1, 10)  # the limit is reached long before

    async def refresh(self, on_change: Callable[[], object] = lambda: None) -> str:
        """Fetch the set once, and take its keys over if it is one; returns how the provider is."""
        try:
            answer = await self._fetch(self._url)
            if answer.status != 200:
                raise ValueError(f"the provider answers with status {answer.status}")
            keys = parse_keys(answer.body)
        except (ChannelError, RemoteProtocolError, ValueError) as error:
            self._tell(str(error))
            if trio.current_time() - self._fetched_at > STALE_SECONDS:
                self._replace({}, on_change)
            return "down" if isinstance(error, ChannelError) else "degraded"
        self._fetched_at = trio.current_time()
        self._unknown = trio.Event()  # whoever asks again for an id that is still unknown asks anew
        self._replace(keys, on_change)
        self._tell("" if keys else "the set holds no key for RS256 or ES256 signatures")
        return "up" if keys else "degraded"

    def _replace(self, keys: Keys, on_change: Callable[[], object]) -> None:
        if keys != self._keys:
            self._keys = keys
            log.info("jwks_changed", keys=sum(map(len, keys.values())))
            on_change()

    def _tell(self, reason: str) -> None:
        if reason and reason != self._reason:
            log.warning("jwks_not_usable", reason=reason)
        self._reason = reason
