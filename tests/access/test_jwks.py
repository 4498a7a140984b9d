"""Keys of an identity provider: which are taken, how they are kept fresh, and what their tokens may."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import jwt
import pytest
import trio
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st
from trio.testing import MockClock, wait_all_tasks_blocked

from museod.access.jwks import (
    MAX_KEYS,
    MAX_RETRY_SECONDS,
    REFRESH_SECONDS,
    STALE_SECONDS,
    UNKNOWN_SECONDS,
    RemoteKeys,
    parse_keys,
)
from museod.access.principal import Role
from museod.access.tokens import SharedSecrets, TokenReader, mint
from museod.errors import Unauthenticated
from tests.fakes.identity import Provider, ec_key, jwk_of, rsa_key

SECRET = "s" * 40
NOW = 1_800_000_000.0
ISSUER = "https://id.example"


class House:
    """A reader of tokens with the keys of one provider beside our own secret."""

    def __init__(self, provider: Provider, **options: Any) -> None:
        self.provider = provider
        self.keys = RemoteKeys("https://id.example/keys", fetch=provider.fetch)
        self.reader = TokenReader([SharedSecrets([SECRET]), self.keys], now=lambda: NOW, **options)
        self.states: list[str] = []
        self.changes = 0

    def changed(self) -> None:
        self.changes += 1
        self.reader.forget()

    def sub(self, kid: str = "one", claims: dict[str, Any] | None = None, **options: Any) -> str:
        return self.reader.read(self.provider.sign(kid, claims, now=NOW, **options)).sub

    def remedy(self, kid: str = "one", **options: Any) -> str:
        with pytest.raises(Unauthenticated) as caught:
            self.sub(kid, **options)
        return caught.value.message


@asynccontextmanager
async def running(house: House) -> AsyncIterator[House]:
    async with trio.open_nursery() as nursery:
        nursery.start_soon(lambda: house.keys.run(on_change=house.changed, note=house.states.append))
        await house.keys.wait_tried()
        yield house
        nursery.cancel_scope.cancel()


# ---------------------------------------------------------------- which keys


def key_set(*keys: Any) -> bytes:
    return json.dumps({"keys": keys}).encode()


RSA, EC = jwk_of("r", rsa_key("one")), jwk_of("e", ec_key("one"))


@pytest.mark.parametrize(
    ("key", "algorithm"),
    [
        (RSA, "RS256"),
        ({**RSA, "alg": "RS256", "use": "sig", "key_ops": ["verify"], "x5c": ["AAAA"]}, "RS256"),
        (EC, "ES256"),
        ({**EC, "alg": "ES256"}, "ES256"),
        ({**RSA, "alg": "RS512"}, None),
        ({**RSA, "alg": "HS256"}, None),
        ({**RSA, "alg": "none"}, None),
        ({**RSA, "use": "enc"}, None),
        ({**RSA, "key_ops": ["encrypt"]}, None),
        ({**EC, "alg": "ES384"}, None),
        ({**EC, "crv": "P-384"}, None),
        ({**EC, "x": EC["y"]}, None),
        ({**EC, "x": "AAAA"}, None),
        ({**RSA, "kty": "EC"}, None),
        ({**RSA, "e": "AA"}, None),
        ({**RSA, "n": "!"}, None),
        ({"kty": "RSA"}, None),
        ({"kty": "EC", "crv": "P-256"}, None),
        ({"kty": "oct", "kid": "o", "k": base64.urlsafe_b64encode(b"k" * 32).decode()}, None),
        ({"kty": "OKP", "crv": "Ed25519", "x": "A" * 43}, None),
        (jwk_of("small", rsa_key("small", 1024)), None),
        ({**RSA, "kid": 7}, None),
        ("text", None),
        (None, None),
    ],
)
def test_only_good_keys_for_two_algorithms_are_taken_and_the_rest_ignored(
    key: Any, algorithm: str | None
) -> None:
    other = jwk_of("other", ec_key("other"))
    keys = parse_keys(key_set(key, other))
    found = [one.algorithm for kid, many in keys.items() if kid != "other" for one in many]
    assert found == ([] if algorithm is None else [algorithm])
    assert "other" in keys
    assert not any(one.is_ours for many in keys.values() for one in many)


def test_a_private_key_that_a_provider_shows_is_taken_as_public() -> None:
    secret = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(ec_key("one")))
    [[key]] = parse_keys(key_set({**secret, "key_ops": ["verify"]})).values()
    assert isinstance(key.key, ec.EllipticCurvePublicKey)


def test_a_set_has_a_ceiling() -> None:
    many = [jwk_of(str(number), ec_key("one")) for number in range(MAX_KEYS + 5)]
    assert len(parse_keys(key_set(*many))) == MAX_KEYS


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[]", b"{}", b'{"keys": {}}', b'{"keys": "x"}', b"\xff", b"[" * 100_000]
)
def test_what_is_no_set_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError, match="JWK set"):
        parse_keys(body)


@given(
    st.recursive(st.none() | st.integers() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x))
)
def test_no_set_does_harm(value: Any) -> None:
    parse_keys(key_set(value, {**RSA, "n": value}, {**EC, "x": value}, {"kty": value, "keys": value}))


# ---------------------------------------------------------------- which tokens


@pytest.mark.parametrize("names_key", [True, False])
async def test_a_token_of_the_provider_and_one_of_ours_are_both_good(names_key: bool) -> None:
    async with running(House(Provider("two", "one"))) as house:
        assert house.sub("one", names_key=names_key) == "ann"
        assert house.reader.read(mint(SECRET, "bob", Role.ADMIN, ttl_seconds=60, now=NOW)).sub == "bob"
        assert house.states == ["up"]


async def test_an_es256_token_is_good() -> None:
    provider = Provider()
    provider.body = key_set(jwk_of("e", ec_key("one")))
    async with running(House(provider)) as house:
        claims = {"sub": "ann", "exp": NOW + 60}
        token = jwt.encode(claims, ec_key("one"), "ES256", headers={"kid": "e"})
        assert house.reader.read(token).sub == "ann"
        forged = jwt.encode(claims, ec_key("evil"), "ES256", headers={"kid": "e"})
        with pytest.raises(Unauthenticated):
            house.reader.read(forged)


def forged_with_public_key(kid: str) -> str:
    """HS256 under the text of the provider's public key, which everybody has."""
    public = rsa_key("one").public_key()
    pem = public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    head, body = (
        base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()
        for part in ({"alg": "HS256", "typ": "JWT", "kid": kid}, {"sub": "ann", "exp": NOW + 60})
    )
    signature = jwt.get_algorithm_by_name("HS256").sign(f"{head}.{body}".encode(), pem)
    return f"{head}.{body}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


def unsigned(kid: str) -> str:
    return jwt.encode({"sub": "ann", "exp": NOW + 60}, "", "none", headers={"kid": kid})


def with_its_own_key(kid: str) -> str:
    """A token that brings the key to check it with (RFC 8725, 3.10)."""
    key = rsa_key("evil")
    brought = {"kid": kid, "jwk": jwk_of(kid, key), "jku": "https://evil.example/keys"}
    return jwt.encode({"sub": "ann", "exp": NOW + 60}, key, "RS256", headers=brought)


def of_another_algorithm(kid: str) -> str:
    return jwt.encode({"sub": "ann", "exp": NOW + 60}, rsa_key("one"), "RS512", headers={"kid": kid})


@pytest.mark.parametrize("forge", [forged_with_public_key, unsigned, with_its_own_key, of_another_algorithm])
@pytest.mark.parametrize("kid", ["one", "unknown"])
async def test_no_trick_with_algorithms_and_keys_gets_in(forge: Callable[[str], str], kid: str) -> None:
    async with running(House(Provider())) as house:
        with pytest.raises(Unauthenticated):
            house.reader.read(forge(kid))


async def test_one_keys_id_does_not_vouch_for_anothers_signature() -> None:
    async with running(House(Provider("one", "two"))) as house:
        claims = {"sub": "ann", "exp": NOW + 60}
        with pytest.raises(Unauthenticated, match="Nobody we trust"):
            house.reader.read(jwt.encode(claims, rsa_key("two"), "RS256", headers={"kid": "one"}))


@pytest.mark.parametrize(
    ("claims", "said"),
    [
        ({"exp": NOW}, "over"),
        ({"nbf": NOW + 60}, "nbf"),
        ({"iss": "https://evil.example"}, "issuer"),
        ({"aud": "other"}, "audience"),
        ({"sub": "guest:1"}, "prefix"),
    ],
)
async def test_claims_count_as_in_any_token(claims: dict[str, Any], said: str) -> None:
    async with running(House(Provider(), issuer=ISSUER, audience="museod")) as house:
        assert house.sub(claims={"aud": "museod"}) == "ann"
        with pytest.raises(Unauthenticated, match=said):
            house.sub(claims={"aud": "museod", **claims})


@pytest.mark.parametrize(
    ("issuer", "role", "granted"),
    [
        (None, "customer", set()),
        (None, "admin", {"ops:read", "privacy:admin"}),
        (ISSUER, "customer", {"ops:write"}),
        (ISSUER, "admin", {"ops:read", "privacy:admin", "ops:write"}),
        (ISSUER, "guest", set()),
    ],
)
async def test_scopes_beyond_the_role_need_an_issuer_that_was_configured(
    issuer: str | None, role: str, granted: set[str]
) -> None:
    async with running(House(Provider(), issuer=issuer)) as house:
        token = house.provider.sign("one", {"role": role, "scope": "ops:write openid act_as"}, now=NOW)
        assert house.reader.read(token).scopes == granted
    ours = mint(SECRET, "bob", Role.CUSTOMER, ttl_seconds=60, scopes=["ops:write"], now=NOW, issuer=issuer)
    assert house.reader.read(ours).scopes == {"ops:write"}


# ---------------------------------------------------------------- how they are kept fresh


async def test_a_new_key_is_fetched_when_a_token_names_it(autojump_clock: MockClock) -> None:
    async with running(House(Provider("one"))) as house:
        assert house.sub("one") == "ann"
        house.provider.kids = ["two"]
        assert "try again" in house.remedy("two")
        await wait_all_tasks_blocked()
        assert house.sub("two") == "ann"
        assert "not known to have the key" in house.remedy("one")
        assert (house.provider.asked, house.changes, trio.current_time()) == (2, 2, 0)


async def test_invented_keys_cost_the_provider_one_request_a_minute(autojump_clock: MockClock) -> None:
    async with running(House(Provider())) as house:
        for second in range(int(5 * UNKNOWN_SECONDS)):
            with pytest.raises(Unauthenticated):
                house.reader.read(with_its_own_key(f"invented-{second}"))
            await trio.sleep(1)
        assert 4 <= house.provider.asked - 1 <= 6
        assert house.changes == 1


async def test_a_withdrawn_key_is_good_for_a_refresh_and_no_longer(autojump_clock: MockClock) -> None:
    async with running(House(Provider("one", "two"))) as house:
        token = house.provider.sign("one", now=NOW)
        house.provider.kids = ["two"]
        await trio.sleep(REFRESH_SECONDS - 1)
        assert house.reader.read(token).sub == "ann"
        await trio.sleep(2)
        with pytest.raises(Unauthenticated):
            house.reader.read(token)
        assert house.sub("two") == "ann"


async def test_without_the_provider_the_remedy_is_named_and_it_recovers(autojump_clock: MockClock) -> None:
    provider = Provider()
    provider.is_away = True
    async with running(House(provider)) as house:
        assert house.states == ["down"]
        assert "MCP_JWKS_URL" in house.remedy()
        assert "MCP_JWKS_URL" in house.remedy(names_key=False)
        assert house.reader.read(mint(SECRET, "bob", Role.ADMIN, ttl_seconds=60, now=NOW)).sub == "bob"
        await trio.sleep(3600)
        assert 3600 / MAX_RETRY_SECONDS <= provider.asked <= 3600 / MAX_RETRY_SECONDS + 10
        provider.is_away = False
        await trio.sleep(MAX_RETRY_SECONDS)
        assert house.sub() == "ann"
        assert house.states[-1] == "up"


@pytest.mark.parametrize(("status", "body"), [(500, None), (200, b"<html>"), (302, None)])
async def test_known_keys_outlive_an_outage_of_a_day(
    status: int, body: bytes | None, autojump_clock: MockClock
) -> None:
    async with running(House(Provider())) as house:
        house.provider.status, house.provider.body = status, body
        await trio.sleep(STALE_SECONDS)
        assert house.sub() == "ann"
        assert house.states[-1] == "degraded"
        await trio.sleep(2 * REFRESH_SECONDS)
        assert "MCP_JWKS_URL" in house.remedy()


async def test_a_provider_may_withdraw_all_its_keys(autojump_clock: MockClock) -> None:
    async with running(House(Provider())) as house:
        house.provider.body = b'{"keys": []}'
        await trio.sleep(REFRESH_SECONDS + 1)
        assert "MCP_JWKS_URL" in house.remedy()
        assert house.states[-1] == "degraded"


async def test_the_fetching_can_be_cancelled() -> None:
    async def hang(_: str) -> Any:
        await trio.sleep_forever()

    keys = RemoteKeys("https://id.example", fetch=hang)
    with trio.move_on_after(0) as scope:
        await keys.run(on_change=lambda: None, note=lambda _: None)
    assert scope.cancelled_caught
    assert keys.candidates(None) == []


@pytest.mark.real
async def test_a_real_endpoint_goes_and_comes_back() -> None:
    provider = Provider()
    with provider.running_in_a_thread() as url:
        house = House(provider)
        house.keys = RemoteKeys(url)
        house.reader = TokenReader([house.keys], now=lambda: NOW)
        with trio.fail_after(5):
            assert await house.keys.refresh(house.changed) == "up"
            assert house.sub() == "ann"
            provider.body = b" " * 100_000 + b'{"keys": []}'
            assert await house.keys.refresh(house.changed) == "degraded"
            assert house.sub() == "ann"
    with trio.fail_after(5):
        assert await house.keys.refresh(house.changed) == "down"
        assert house.sub() == "ann"
