from __future__ import annotations

import base64
import json
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given
from hypothesis import strategies as st

from museod.access.apikeys import ApiKeys, new_key, parse_api_keys
from museod.access.principal import Role, normal_user_id
from museod.access.tokens import (
    MAX_REMEMBERED,
    MAX_TOKEN_BYTES,
    SharedSecrets,
    TokenReader,
    VerifyingKey,
    mint,
    mint_guest,
)
from museod.errors import ConfigError, Unauthenticated

NEW = "new-secret-" + "n" * 32
OLD = "old-secret-" + "o" * 32
GUEST_KEY = b"g" * 32
NOW = 1_800_000_000.0


class FakeClock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


def reader(**options: Any) -> TokenReader:
    options.setdefault("now", FakeClock())
    options.setdefault("guest_keys", [GUEST_KEY])
    return TokenReader([SharedSecrets([NEW, OLD])], **options)


def signed(claims: dict[str, Any], *, secret: str = NEW, typ: str | None = "JWT") -> str:
    full = {"sub": "ada", "exp": NOW + 60, **claims}
    full = {name: value for name, value in full.items() if value is not None}
    return jwt.encode(full, secret, algorithm="HS256", headers={"typ": typ})


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def test_a_minted_token_reads_back_as_its_caller() -> None:
    token = mint(
        NEW,
        "ada@shop.example",
        Role.ADMIN,
        ttl_seconds=60,
        scopes=["handover:agent"],
        contacts={"email": "ada@shop.example"},
        now=NOW,
    )
    caller = reader().read(token)
    assert caller.sub == "ada@shop.example"
    assert caller.role is Role.ADMIN
    assert caller.scopes == {"ops:read", "privacy:admin", "handover:agent"}
    assert caller.contacts == {"email": "ada@shop.example"}
    assert caller.expires_at == NOW + 60


@pytest.mark.parametrize("secret", [NEW, OLD])
def test_every_secret_of_the_rotation_is_good(secret: str) -> None:
    assert reader().read(signed({}, secret=secret)).sub == "ada"


def test_a_token_without_a_role_is_a_customers() -> None:
    caller = reader().read(signed({}))
    assert (caller.role, caller.scopes) == (Role.CUSTOMER, frozenset())


@pytest.mark.parametrize(
    ("claims", "said"),
    [
        ({"exp": None}, "exp"),
        ({"exp": NOW}, "over"),
        ({"exp": NOW - 1}, "over"),
        ({"exp": "tomorrow"}, "form"),
        ({"exp": True}, "form"),
        ({"sub": None}, "sub"),
        ({"sub": ""}, "sub"),
        ({"nbf": NOW + 31}, "nbf"),
        ({"iat": NOW + 31}, "iat"),
        ({"role": "root"}, "role"),
        ({"role": ["admin"]}, "form"),
        ({"scopes": {"ops:read": True}}, "form"),
        ({"contacts": {"email": "a@b.example\r\nBcc: x@y.example"}}, "email"),
        ({"contacts": {"phone": "nobody"}}, "phone"),
        ({"sub": "guest:abc"}, "prefix"),
        ({"sub": "whatsapp:491"}, "prefix"),
        ({"sub": "instagram:7"}, "prefix"),
        ({"sub": "local:root"}, "prefix"),
    ],
)
def test_unfit_claims_are_refused_with_the_reason(claims: dict[str, Any], said: str) -> None:
    with pytest.raises(Unauthenticated, match=said):
        reader().read(signed(claims))


def test_clocks_may_differ_a_little() -> None:
    assert reader().read(signed({"nbf": NOW + 29, "iat": NOW + 29})).sub == "ada"


def test_a_sub_that_is_no_user_id_is_replaced_by_its_digest() -> None:
    caller = reader().read(signed({"sub": "auth0|ada lovelace"}))
    assert caller.sub == normal_user_id("auth0|ada lovelace")
    assert caller.sub.startswith("u-")


@pytest.mark.parametrize(
    ("role", "asked", "granted"),
    [
        ("customer", "act_as handover:agent", {"handover:agent"}),
        ("admin", "act_as", {"ops:read", "privacy:admin"}),
        ("service", "act_as ops:read", {"act_as", "ops:read"}),
        ("guest", "ops:read handover:agent", set()),
        ("customer", "openid profile root *", set()),
    ],
)
@pytest.mark.parametrize("claim", ["scope", "scopes"])
@pytest.mark.parametrize("as_list", [False, True])
def test_scopes_are_granted_by_role(
    role: str, asked: str, granted: set[str], claim: str, as_list: bool
) -> None:
    value = asked.split() if as_list else asked
    assert reader().read(signed({"role": role, claim: value})).scopes == granted


@pytest.mark.parametrize(
    ("claims", "is_good"),
    [
        ({"iss": "https://id.example", "aud": "museod"}, True),
        ({"iss": "https://id.example", "aud": ["other", "museod"]}, True),
        ({"iss": "https://id.example", "aud": "other"}, False),
        ({"iss": "https://id.example"}, False),
        ({"iss": "https://evil.example", "aud": "museod"}, False),
        ({"aud": "museod"}, False),
    ],
)
def test_issuer_and_audience_count_when_configured(claims: dict[str, Any], is_good: bool) -> None:
    strict = reader(issuer="https://id.example", audience="museod")
    if is_good:
        assert strict.read(signed(claims)).sub == "ada"
    else:
        with pytest.raises(Unauthenticated, match=r"iss|aud"):
            strict.read(signed(claims))
    assert reader().read(signed(claims)).sub == "ada"


def unsigned(alg: str) -> str:
    header = b64(json.dumps({"alg": alg, "typ": "JWT"}).encode())
    return f"{header}.{b64(json.dumps({'sub': 'ada', 'exp': NOW + 60}).encode())}."


@pytest.mark.parametrize(
    "token",
    [
        unsigned("none"),
        unsigned("None"),
        unsigned("HS256"),
        unsigned("RS256"),
        jwt.encode({"sub": "ada", "exp": NOW + 60}, NEW + "x" * 64, algorithm="HS256"),
        jwt.encode({"sub": "ada", "exp": NOW + 60}, NEW + "x" * 64, algorithm="HS512"),
        signed({})[:-2] + "AA",
        signed({}, typ="dpop+jwt"),
        "a.b.c",
        "....",
        "nonsense",
        "é.é.é",
        "\x00",
        "",
    ],
)
def test_what_we_did_not_sign_is_refused(token: str) -> None:
    with pytest.raises(Unauthenticated):
        reader().read(token)


def test_the_right_secret_under_another_algorithm_is_refused() -> None:
    secret = "s" * 64
    token = jwt.encode({"sub": "ada", "exp": NOW + 60}, secret, algorithm="HS512")
    with pytest.raises(Unauthenticated):
        TokenReader([SharedSecrets([secret])], now=FakeClock()).read(token)


def test_a_public_key_never_serves_as_a_secret() -> None:
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public = private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )

    class PublicKeys:
        def candidates(self, key_id: str | None) -> list[VerifyingKey]:
            return [VerifyingKey("RS256", private.public_key())]

        def remedy(self, key_id: str | None) -> None:
            return None

    strict = TokenReader([PublicKeys()], now=FakeClock())
    good = jwt.encode({"sub": "ada", "exp": NOW + 60}, private, algorithm="RS256")
    assert strict.read(good).sub == "ada"
    head = b64(json.dumps({"alg": "HS256", "typ": "JWT"}).encode())
    body = b64(json.dumps({"sub": "ada", "exp": NOW + 60}).encode())
    algorithm = jwt.get_algorithm_by_name("HS256")
    forged = f"{head}.{body}.{b64(algorithm.sign(f'{head}.{body}'.encode(), public))}"
    with pytest.raises(Unauthenticated):
        strict.read(forged)
    with pytest.raises(ConfigError, match="public key"):
        SharedSecrets([public.decode()])


def test_a_huge_token_is_refused_before_it_is_parsed() -> None:
    token = signed({"padding": "x" * MAX_TOKEN_BYTES})
    with pytest.raises(Unauthenticated, match="bytes"):
        reader().read(token)


def test_short_secrets_are_all_named_by_place_and_never_shown() -> None:
    with pytest.raises(ConfigError) as caught:
        SharedSecrets([NEW, "short", "", OLD])
    assert [fault.remedy[:8] for fault in caught.value.faults] == ["secret 2", "secret 3"]
    assert "short" not in str(caught.value)


def test_without_secrets_the_remedy_is_named() -> None:
    with pytest.raises(Unauthenticated, match="MCP_JWT_SECRET"):
        TokenReader([], now=FakeClock()).read(signed({}))


def test_a_guest_token_makes_a_guest_with_the_reserved_prefix() -> None:
    first, second = (reader().read(mint_guest(GUEST_KEY, now=NOW)) for _ in range(2))
    assert first.role is Role.GUEST
    assert first.sub.startswith("guest:")
    assert first.sub != second.sub
    assert not first.scopes


def test_a_guest_token_of_before_a_rotation_is_still_good() -> None:
    token = mint_guest(b"o" * 32, now=NOW)
    assert reader(guest_keys=[GUEST_KEY, b"o" * 32]).read(token).role is Role.GUEST
    with pytest.raises(Unauthenticated):
        reader().read(token)


def test_the_guest_key_makes_guests_only_and_no_secret_makes_guests() -> None:
    claims = {"sub": "ada", "role": "admin", "exp": NOW + 60}
    as_guest_type = {"typ": "guest+jwt"}
    forged_admin = jwt.encode(claims, GUEST_KEY, algorithm="HS256")
    disguised = jwt.encode(claims, GUEST_KEY, algorithm="HS256", headers=as_guest_type)
    guest = {"sub": "guest:ada", "exp": NOW + 60}
    forged_guest = jwt.encode(guest, NEW, algorithm="HS256", headers=as_guest_type)
    promoted = jwt.encode(
        {**guest, "role": "admin", "scopes": "ops:write"}, GUEST_KEY, algorithm="HS256", headers=as_guest_type
    )
    for token in (forged_admin, disguised, forged_guest):
        with pytest.raises(Unauthenticated):
            reader().read(token)
    caller = reader().read(promoted)
    assert (caller.role, caller.scopes) == (Role.GUEST, frozenset())


def test_a_remembered_token_still_ends() -> None:
    clock = FakeClock()
    strict = reader(now=clock)
    token = signed({})
    assert strict.read(token) is strict.read(token)
    clock.now = NOW + 60
    with pytest.raises(Unauthenticated, match="over"):
        strict.read(token)


def test_no_more_tokens_are_remembered_than_the_ceiling() -> None:
    strict = reader()
    first = signed({"sub": "first"})
    remembered = strict.read(first)
    for number in range(MAX_REMEMBERED):
        strict.read(signed({"sub": f"user{number}"}))
    again = strict.read(first)
    assert again == remembered
    assert again is not remembered


def test_an_api_key_is_a_token() -> None:
    key, line = new_key("bridge", Role.SERVICE, b"p" * 32, scopes=["act_as"])
    keys = ApiKeys(parse_api_keys(line, source="test"), [b"p" * 32])
    assert reader(api_keys=keys).read(key).sub == "bridge"
    with pytest.raises(Unauthenticated, match="JWT"):
        reader().read(key)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"sub": "guest:x"}, "sub"),
        ({"sub": ""}, "sub"),
        ({"ttl_seconds": 0}, "time to live"),
        ({"scopes": ["act_as"]}, "act_as"),
        ({"contacts": {"email": "nobody"}}, "email"),
    ],
)
def test_a_token_that_would_be_refused_is_not_minted(options: dict[str, Any], said: str) -> None:
    full: dict[str, Any] = {"sub": "ada", "ttl_seconds": 60, **options}
    with pytest.raises(ValueError, match=said):
        mint(NEW, full.pop("sub"), Role.ADMIN, now=NOW, **full)


def test_a_short_secret_mints_nothing() -> None:
    with pytest.raises(ConfigError, match="bytes"):
        mint("short", "ada", Role.ADMIN, ttl_seconds=60)


@given(st.text(max_size=300) | st.from_regex(r"[A-Za-z0-9_-]*\.[A-Za-z0-9_-]*\.[A-Za-z0-9_-]*"))
def test_any_text_is_refused_politely(text: str) -> None:
    with pytest.raises(Unauthenticated):
        reader().read(text)


@given(
    st.dictionaries(
        st.sampled_from(["sub", "exp", "nbf", "iat", "role", "scope", "contacts", "aud"]),
        st.none() | st.booleans() | st.integers() | st.text() | st.lists(st.text()),
    )
)
def test_any_signed_claims_are_read_or_refused(claims: dict[str, Any]) -> None:
    token = jwt.encode({"padding": 1}, NEW, algorithm="HS256")
    head = token.split(".")[0]
    body = b64(json.dumps(claims).encode())
    signature = jwt.get_algorithm_by_name("HS256").sign(f"{head}.{body}".encode(), NEW.encode())
    try:
        caller = reader().read(f"{head}.{body}.{b64(signature)}")
    except Unauthenticated:
        return
    assert caller.sub
    assert caller.expires_at is not None
