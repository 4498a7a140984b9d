"""Configuration to the parts that want a piece of it."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from museod.access.principal import Role
from museod.access.tokens import mint, mint_guest
from museod.app import wiring
from museod.config import Config, load_config
from museod.errors import Unauthenticated
from museod.gateway.policy import ChildPolicy
from museod.stores.sealing import Sealer
from museod.supervisor.spec import Restart
from tests.fakes.identity import Provider

SECRET = "s" * 40
SEALER = Sealer([("k1", b"1" * 32), ("k0", b"0" * 32)])


def configured(tmp_path: Path, toml: str | None = None, servers: Any = None, **environ: str) -> Config:
    files: dict[str, Path | None] = {"config_file": None, "mcp_config": None}
    if toml is not None:
        files["config_file"] = tmp_path / "museod.toml"
        (tmp_path / "museod.toml").write_text(toml)
    if servers is not None:
        files["mcp_config"] = tmp_path / "servers.json"
        (tmp_path / "servers.json").write_text(json.dumps({"mcpServers": servers}))
    settings = {"MCP_STATE_DIR": str(tmp_path), "MCP_AUTH": "guest", "MCP_JWT_SECRET": SECRET, **environ}
    return load_config(settings, **files)[0]


CHILD = """
[children.one]
command = ["one", "--flag"]
instances = 2
restart = "transient"
backoff = { initial_seconds = 1, max_seconds = 9, factor = 3, jitter = 0 }
intensity = { restarts = 7, within_seconds = 8 }
significant = true
era = "legacy"
identity = true
prefix = "p."
call_timeout_seconds = 4
call_timeouts = { slow = 44 }
start_timeout_seconds = 6
allow = { "*" = ["customer"], "slow" = ["admin", "service"] }
"""


def test_a_childs_configuration_reaches_the_supervisor(tmp_path: Path) -> None:
    [spec] = wiring.specs_of(configured(tmp_path, CHILD))
    assert (spec.name, spec.command, spec.instances) == ("one", ("one", "--flag"), 2)
    assert spec.restart is Restart.TRANSIENT
    assert (spec.backoff.initial_seconds, spec.backoff.max_seconds, spec.backoff.factor) == (1, 9, 3)
    assert (spec.intensity.restarts, spec.intensity.within_seconds) == (7, 8)
    assert spec.significant
    assert spec.start_timeout_seconds == 6
    assert SECRET not in str(dict(spec.env))


def test_and_the_gateway(tmp_path: Path) -> None:
    [policy] = wiring.policies_of(configured(tmp_path, CHILD), is_local=False)
    assert policy.allow == {"*": frozenset({Role.CUSTOMER}), "slow": frozenset({Role.ADMIN, Role.SERVICE})}
    assert (policy.child, policy.prefix, policy.identity, policy.era) == ("one", "p.", True, "legacy")
    assert (policy.timeout_of("slow"), policy.timeout_of("any")) == (44, 4)


@pytest.mark.parametrize(
    ("is_local", "roles"), [(True, frozenset(Role)), (False, frozenset({Role.ADMIN, Role.SERVICE}))]
)
def test_a_foreign_child_is_for_everyone_only_where_all_are_at_home(
    is_local: bool, roles: frozenset[Role], tmp_path: Path
) -> None:
    config = configured(tmp_path, servers={"files": {"command": "x"}})
    [policy] = wiring.policies_of(config, is_local=is_local)
    assert policy == ChildPolicy("files", {"*": roles}, call_timeout=policy.call_timeout)
    assert not policy.identity


def test_callers_guests_and_nobody_else_have_tokens(tmp_path: Path) -> None:
    tokens = wiring.token_reader(configured(tmp_path), SEALER)
    assert tokens.read(mint(SECRET, "ann", Role.ADMIN, ttl_seconds=60)).sub == "ann"
    for key in SEALER.derive_all(wiring.GUEST_KEY):
        assert tokens.read(mint_guest(key)).role is Role.GUEST
    for other in (mint("o" * 40, "ann", Role.ADMIN, ttl_seconds=60), mint_guest(b"x" * 32), "", "mk_x"):
        with pytest.raises(Unauthenticated):
            tokens.read(other)


def test_without_a_secret_no_callers_token_holds(tmp_path: Path) -> None:
    tokens = wiring.token_reader(configured(tmp_path, MCP_JWT_SECRET=""), SEALER)
    with pytest.raises(Unauthenticated):
        tokens.read(mint(SECRET, "ann", Role.ADMIN, ttl_seconds=60))


@pytest.mark.parametrize("setting", ["MCP_JWT_ISSUER", "MCP_JWT_AUDIENCE"])
def test_issuer_and_audience_count_when_they_are_configured(setting: str, tmp_path: Path) -> None:
    tokens = wiring.token_reader(configured(tmp_path, **{setting: "https://museod.example"}), SEALER)
    with pytest.raises(Unauthenticated):
        tokens.read(mint(SECRET, "ann", Role.CUSTOMER, ttl_seconds=60))
    good = mint(
        SECRET,
        "ann",
        Role.CUSTOMER,
        ttl_seconds=60,
        issuer="https://museod.example",
        audience="https://museod.example",
    )
    assert tokens.read(good).sub == "ann"


@pytest.mark.real
def test_the_identity_provider_is_asked_once_for_a_token_without_a_daemon(tmp_path: Path) -> None:
    provider = Provider()
    with provider.running_in_a_thread() as url:
        config = configured(tmp_path, MCP_JWKS_URL=url)
        assert wiring.caller_of_token(config, provider.sign("one")).sub == "ann"
        assert wiring.caller_of_token(config, mint(SECRET, "bob", Role.ADMIN, ttl_seconds=60)).sub == "bob"
    with pytest.raises(Unauthenticated, match="MCP_JWKS_URL"):
        wiring.caller_of_token(config, provider.sign("one"))


def test_a_token_can_be_read_without_a_daemon(tmp_path: Path) -> None:
    config = configured(tmp_path)
    token = mint(SECRET, "ann", Role.CUSTOMER, ttl_seconds=60)
    assert wiring.caller_of_token(config, token).sub == "ann"
    with pytest.raises(Unauthenticated):
        wiring.caller_of_token(config, token + "x")


def test_the_keys_of_what_is_stored_keep_their_order(tmp_path: Path) -> None:
    keys = [("new", b"n" * 32), ("old", b"o" * 32)]
    text = ",".join(f"{id}:{base64.b64encode(key).decode()}" for id, key in keys)
    assert wiring.sealing_keys(configured(tmp_path, MCP_ENCRYPTION_KEYS=text)) == keys
    assert wiring.sealing_keys(configured(tmp_path)) == []
