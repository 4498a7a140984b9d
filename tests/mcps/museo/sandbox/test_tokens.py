import base64
import json

import jwt
import pytest

from mcps.museo.sandbox.issuer import LEEWAY_SECONDS, LIFETIME_SECONDS, SCOPES
from tests.mcps.museo.calling import ACCOUNT, Caller, make_caller

TOKEN = "/api/v1/auth/token"
SEARCH = "/api/v1/search?q=iphone"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def _basic(key: str = ACCOUNT.key, secret: str = ACCOUNT.secret) -> str:
    return "Basic " + base64.b64encode(f"{key}:{secret}".encode()).decode()


async def test_a_token_comes_by_basic_by_form_and_by_json_and_is_never_stored() -> None:
    caller = make_caller()
    credentials = {"client_id": ACCOUNT.key, "client_secret": ACCOUNT.secret}

    answers = [
        await caller(
            "POST",
            TOKEN,
            b"grant_type=client_credentials&scope=catalog:read",
            headers={**FORM, "Authorization": _basic()},
        ),
        await caller(
            "POST",
            TOKEN,
            b"grant_type=client_credentials&client_id=key&client_secret=secret",
            headers={**FORM, "Authorization": None},
        ),
        await caller(
            "POST",
            TOKEN,
            {"grant_type": "client_credentials", **credentials},
            headers={"Authorization": None},
        ),
    ]

    assert [answer.status for answer in answers] == [200, 200, 200]
    assert {answer.header("Cache-Control") for answer in answers} == {"no-store"}
    assert {answer.json["expires_in"] for answer in answers} == {LIFETIME_SECONDS}
    assert [set(answer.json["scope"].split()) for answer in answers] == [
        {"catalog:read"},
        set(SCOPES),
        set(SCOPES),
    ]


async def test_the_token_verifies_with_the_published_key() -> None:
    caller = make_caller()
    answer = await caller(
        "POST", TOKEN, b"grant_type=client_credentials", headers={**FORM, "Authorization": _basic()}
    )
    token = answer.json["access_token"]
    keys = (await caller("GET", "/.well-known/jwks.json", headers={"Authorization": None})).json

    key = jwt.PyJWKSet.from_dict(keys)[jwt.get_unverified_header(token)["kid"]]
    claims = jwt.decode(
        token,
        key,
        algorithms=["RS256"],
        audience="museo-api",
        options={"verify_exp": False, "verify_iat": False},
    )

    assert claims["sub"].startswith("svc_")
    assert claims["exp"] - claims["iat"] == LIFETIME_SECONDS
    assert "d" not in keys["keys"][0]


@pytest.mark.parametrize(
    ("body", "headers", "status", "code"),
    [
        (b"grant_type=client_credentials", {"Authorization": _basic(secret="x")}, 401, "invalid_client"),
        (b"grant_type=client_credentials", {"Authorization": _basic(key="x")}, 401, "invalid_client"),
        (b"grant_type=client_credentials", {"Authorization": None}, 401, "invalid_client"),
        (b"grant_type=client_credentials", {"Authorization": "Basic ?"}, 400, "invalid_request"),
        (b"grant_type=client_credentials", {"Authorization": "Digest a"}, 400, "invalid_request"),
        (b"grant_type=password", {"Authorization": _basic()}, 400, "invalid_request"),
        (b"", {"Authorization": _basic()}, 400, "invalid_request"),
        (b"grant_type=a&grant_type=b", {"Authorization": _basic()}, 400, "invalid_request"),
        (b"grant_type=client_credentials&scope=root", {"Authorization": _basic()}, 400, "invalid_request"),
        (
            b"grant_type=client_credentials&client_secret=secret",
            {"Authorization": _basic()},
            400,
            "invalid_request",
        ),
        (b"\xff", {"Authorization": _basic()}, 400, "invalid_request"),
        (b"x", {"Authorization": _basic(), "Content-Type": "text/plain"}, 415, "unsupported_media_type"),
    ],
)
async def test_what_is_wrong_gets_no_token(
    body: bytes, headers: dict[str, str | None], status: int, code: str
) -> None:
    answer = await make_caller()("POST", TOKEN, body, headers={**FORM, **headers})

    assert (answer.status, answer.code) == (status, code)
    assert "access_token" not in answer.json


async def test_guessing_secrets_is_slowed_down_without_shutting_out_forever(autojump_clock: object) -> None:
    caller = make_caller()
    wrong = {**FORM, "Authorization": _basic(secret="guess")}
    statuses = [
        (await caller("POST", TOKEN, b"grant_type=client_credentials", headers=wrong)).status
        for _ in range(31)
    ]

    right = await caller(
        "POST", TOKEN, b"grant_type=client_credentials", headers={**FORM, "Authorization": _basic()}
    )

    assert statuses == [401] * 30 + [429]
    assert right.status == 429
    assert int(right.header("Retry-After") or 0) >= 1


async def _search(caller: Caller, authorization: str | None) -> tuple[int, str, str]:
    answer = await caller("GET", SEARCH, headers={"Authorization": authorization})
    return answer.status, answer.json.get("code", ""), answer.header("WWW-Authenticate") or ""


async def test_an_access_token_is_required_and_its_faults_are_named() -> None:
    caller = make_caller()
    claims = jwt.decode(caller.token, options={"verify_signature": False})
    issuer = caller.app.shop.issuer

    def signed(**changes: object) -> str:
        changed = {name: value for name, value in {**claims, **changes}.items() if value is not None}
        return jwt.encode(changed, issuer._key, algorithm="RS256")

    head, body, _ = caller.token.split(".")
    none = base64.urlsafe_b64encode(json.dumps({"alg": "none"}).encode()).rstrip(b"=").decode()
    public = issuer.key_set()["keys"][0]
    bad = [
        None,
        "",
        "Bearer",
        "Bearer x",
        f"Basic {caller.token}",
        f"Bearer {head}.{body}.AAAA",
        f"Bearer {none}.{body}.",
        f"Bearer {jwt.encode(claims, json.dumps(public) + 'padding' * 8, algorithm='HS256')}",
        f"Bearer {signed(aud='another-api')}",
        f"Bearer {signed(iss='somebody')}",
        f"Bearer {signed(sub='svc_other')}",
        f"Bearer {signed(scope=None)}",
        f"Bearer {signed(exp=None)}",
    ]

    for authorization in bad:
        status, code, challenge = await _search(caller, authorization)
        assert (status, code) == (401, "invalid_token"), authorization
        assert challenge.startswith("Bearer ")
        assert 'error="invalid_token"' in challenge
    assert (await _search(caller, f"Bearer {signed()}"))[0] == 200


async def test_a_token_ends_after_its_life_even_if_it_was_seen_before() -> None:
    caller = make_caller()
    assert (await _search(caller, f"Bearer {caller.token}"))[0] == 200

    caller.clock.advance(seconds=LIFETIME_SECONDS + LEEWAY_SECONDS)

    assert (await _search(caller, f"Bearer {caller.token}"))[:2] == (401, "invalid_token")


@pytest.mark.parametrize(
    ("scope", "method", "path"),
    [
        ("catalog:read", "GET", "/api/v1/catalog/products"),
        ("catalog:read", "GET", "/api/v1/catalog/products/iphone-15"),
        ("catalog:read", "GET", "/api/v1/catalog/categories"),
        ("catalog:read", "GET", "/api/v1/search?q=x"),
        ("basket:read", "GET", "/api/v1/basket"),
        ("basket:read", "GET", "/api/v1/basket/items"),
        ("basket:write", "POST", "/api/v1/basket/items"),
        ("basket:write", "DELETE", "/api/v1/basket"),
        ("basket:write", "PATCH", "/api/v1/basket/items/x"),
        ("basket:write", "DELETE", "/api/v1/basket/items/x"),
        ("admin:products:read", "GET", "/api/v1/admin/products/masters"),
        ("admin:products:read", "GET", "/api/v1/admin/products/masters/x"),
    ],
)
async def test_each_operation_needs_its_own_scope_and_names_it(scope: str, method: str, path: str) -> None:
    caller = make_caller().with_scopes(*(set(SCOPES) - {scope}))

    answer = await caller(method, path)

    assert (answer.status, answer.code) == (403, "insufficient_scope")
    assert scope in answer.json["detail"]
    assert f'scope="{scope}"' in (answer.header("WWW-Authenticate") or "")
