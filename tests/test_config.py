"""The configuration as a whole: where values come from, what is refused, and that it all comes at once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from museod.config import DEFAULT_FILE, ChildConfig, Config, Secret, describe, load_config
from museod.errors import ConfigError, Fault

SECRET = "s" * 32
EVERYWHERE = "0.0.0.0"  # noqa: S104 - a listener beyond loopback
BASE = {"HOME": "/home/museo", "PATH": os.environ["PATH"], "MCP_AUTH": "guest"}
KEYS = "k1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="


def load(environ: dict[str, str] | None = None, **options: Any) -> Config:
    return load_config(BASE | (environ or {}), **options)[0]


def warnings_of(environ: dict[str, str] | None = None, **options: Any) -> list[Fault]:
    return load_config(BASE | (environ or {}), **options)[1]


def faults_of(environ: dict[str, str] | None = None, **options: Any) -> dict[str, str]:
    """The faults by key; a test that expects one looks it up here."""
    with pytest.raises(ConfigError) as caught:
        load_config(BASE | (environ or {}), **options)
    return {fault.key: fault.remedy for fault in caught.value.faults}


def child_of(config: Config, name: str) -> ChildConfig:
    child = config.child(name)
    assert child is not None
    return child


@pytest.fixture
def toml(tmp_path: Path) -> Callable[[str], Path]:
    def write(text: str) -> Path:
        path = tmp_path / "museod.toml"
        path.write_text(text)
        return path

    return write


@pytest.fixture
def servers(tmp_path: Path) -> Callable[[Any], Path]:
    def write(content: Any) -> Path:
        path = tmp_path / "servers.json"
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return path

    return write


# --- defaults ---


def test_nothing_but_guest_mode_is_needed_to_start() -> None:
    config = load()

    assert config.hosts == ("127.0.0.1",)
    assert config.port == 3300
    assert config.is_loopback
    assert config.museo_api_url == "http://localhost:8000"
    assert config.log_level == "info"
    assert config.loki_port == 3100
    assert config.retention_days == 30
    assert config.currency == "EUR"
    assert config.drain_seconds == 10
    assert config.limits_on
    assert config.query_tokens
    assert config.limits.messages_per_minute == 30
    assert config.limits.chat_frame_bytes == 65_536
    assert config.redis_url is None
    assert warnings_of() == []


def test_the_default_children_are_our_four() -> None:
    config = load()

    assert [child.name for child in config.children] == ["intent", "admin", "storefront", "notifications"]
    for child in config.children:
        assert child.command == (sys.executable, "-m", f"mcps.{child.name}")
        assert child.identity
        assert child.allow is not None
    assert child_of(config, "admin").allow == {"*": ("admin",)}
    assert child_of(config, "admin").call_timeouts == {"create_from_file": 300}
    storefront = child_of(config, "storefront")
    assert storefront.cache == {
        "search_products": 30,
        "get_product_info": 60,
        "compare_products": 60,
        "recommend_products": 60,
    }
    assert child_of(config, "storefront").allow == {
        "*": ("guest", "customer", "admin"),
        "get_order_status": ("customer", "admin"),
    }


def test_the_shipped_file_says_the_same_as_the_code() -> None:
    # A child that leaves everything out must behave as the comments of the file promise.
    text = DEFAULT_FILE.read_text()
    child = ChildConfig(name="x", command=("x",))

    assert "backoff = { initial_seconds = 0.2, max_seconds = 30, factor = 2, jitter = 0.2 }" in text
    assert (child.backoff.initial_seconds, child.backoff.max_seconds) == (0.2, 30)
    assert (child.backoff.factor, child.backoff.jitter) == (2, 0.2)
    assert (child.intensity.restarts, child.intensity.within_seconds) == (5, 60)
    assert (child.instances, child.restart, child.era, child.pins) == (1, "permanent", "auto", "warn")
    assert not any((child.identity, child.significant, child.interactive))
    assert (child.call_timeout_seconds, child.start_timeout_seconds) == (20, 15)
    assert child.allow is None


# --- where values come from ---


def test_the_command_line_wins_over_the_environment() -> None:
    environ = {"MCP_HOST": EVERYWHERE, "MCP_ORCHESTRATOR_PORT": "1"}
    config = load(environ, overrides={"host": "::1", "port": 4000})

    assert (config.hosts, config.port) == (("::1",), 4000)
    assert load(environ, overrides={"host": None, "port": None}).port == 1


def test_an_empty_variable_is_unset() -> None:
    config = load({"MCP_REDIS_URL": "", "MCP_ORCHESTRATOR_PORT": " ", "MCP_API_KEY": ""})

    assert config.redis_url is None
    assert config.port == 3300
    assert config.is_dev_account


def test_a_secret_may_lie_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "jwt"
    file.write_text(f"{SECRET}\n")
    file.chmod(0o600)
    environ = {"MCP_JWT_SECRET_FILE": str(file)}

    assert load(environ).jwt_secrets == (Secret(SECRET),)
    assert warnings_of(environ) == []


def test_a_secret_file_that_everybody_can_read_is_warned_of(tmp_path: Path) -> None:
    file = tmp_path / "jwt"
    file.write_text(SECRET)
    file.chmod(0o644)
    (warning,) = warnings_of({"MCP_JWT_SECRET_FILE": str(file)})

    assert "chmod 600" in warning.remedy


@pytest.mark.parametrize("name", ["museod_MCP_JWT_SECRET", "MCP_JWT_SECRET"])
def test_a_secret_may_be_a_credential_of_systemd(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(SECRET)

    assert load({"CREDENTIALS_DIRECTORY": str(tmp_path)}).jwt_secrets == (Secret(SECRET),)


def test_the_variable_wins_over_a_credential(tmp_path: Path) -> None:
    (tmp_path / "MCP_JWT_SECRET").write_text("c" * 32)
    environ = {"CREDENTIALS_DIRECTORY": str(tmp_path), "MCP_JWT_SECRET": SECRET}

    assert load(environ).jwt_secrets == (Secret(SECRET),)


def test_a_variable_and_its_file_together_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "jwt"
    file.write_text(SECRET)
    faults = faults_of({"MCP_JWT_SECRET": SECRET, "MCP_JWT_SECRET_FILE": str(file)})

    assert "keep one" in faults["MCP_JWT_SECRET"]


@pytest.mark.parametrize(
    ("make", "remedy"),
    [
        (lambda _: None, "does not exist"),
        (lambda path: path.mkdir(), "no regular file"),
        (lambda path: path.write_text(""), "is empty"),
        (lambda path: path.write_bytes(b"\xff\xfe"), "not UTF-8"),
        (lambda path: path.write_text("x" * 70_000), "larger than"),
        (lambda path: os.mkfifo(path), "no regular file"),
    ],
)
def test_an_unusable_secret_file_is_a_fault(
    make: Callable[[Path], object], remedy: str, tmp_path: Path
) -> None:
    path = tmp_path / "jwt"
    make(path)
    faults = faults_of({"MCP_JWT_SECRET_FILE": str(path)})

    assert any(remedy in text for text in faults.values())


def test_state_lives_where_it_was_put() -> None:
    assert load().state_dir == Path("/home/museo/.local/state/museod")
    assert load({"STATE_DIRECTORY": "/var/lib/museod:/var/lib/x"}).state_dir == Path("/var/lib/museod")
    both = {"STATE_DIRECTORY": "/var/lib/museod", "MCP_STATE_DIR": "/srv/museod"}
    assert load(both).state_dir == Path("/srv/museod")
    assert load(both).socket_path == Path("/srv/museod/museod.sock")
    assert load(both | {"RUNTIME_DIRECTORY": "/run/museod"}).socket_path == Path("/run/museod/museod.sock")


def test_a_socket_path_that_the_kernel_refuses_is_a_fault() -> None:
    fits = "/" + "x" * (107 - len("//museod.sock"))

    assert len(str(load({"MCP_STATE_DIR": fits}).socket_path)) == 107
    assert "shorter" in faults_of({"MCP_STATE_DIR": fits + "x"})["MCP_STATE_DIR"]
    assert "shorter" in faults_of({"RUNTIME_DIRECTORY": fits + "x"})["RUNTIME_DIRECTORY"]


def test_without_a_home_the_state_needs_a_place() -> None:
    faults = faults_of({"HOME": ""})

    assert "name a directory" in faults["MCP_STATE_DIR"]


# --- rules between values ---


def test_required_needs_something_that_vouches(tmp_path: Path) -> None:
    keys = tmp_path / "keys"
    keys.write_text("")
    faults = faults_of({"MCP_AUTH": ""})

    assert "MCP_AUTH=guest" in faults["MCP_AUTH"]
    assert "MCP_JWT_SECRET" in faults["MCP_AUTH"]
    assert load({"MCP_AUTH": "required", "MCP_JWT_SECRET": SECRET}).auth == "required"
    assert load({"MCP_AUTH": "required", "MCP_API_KEYS_FILE": str(keys)}).auth == "required"
    assert load({"MCP_AUTH": "required", "MCP_JWKS_URL": "https://id.example/keys"}).auth == "required"
    assert load({"MCP_AUTH": ""}, listens=False).auth == "required"


def test_limits_are_lifted_on_loopback_only() -> None:
    faults = faults_of({"MCP_LIMITS": "off", "MCP_HOST": EVERYWHERE})
    lifted = load({"MCP_LIMITS": "off", "MCP_HOST": "localhost"}).limits

    assert "MCP_HOST=127.0.0.1" in faults["MCP_LIMITS"]
    assert lifted.messages_per_minute == lifted.connections_per_address == 0
    assert lifted.in_flight_per_connection == lifted.invalid_frames_per_minute == 0
    assert lifted.chat_frame_bytes == 65_536
    assert load({"MCP_LIMITS": "off", "MCP_HOST": EVERYWHERE}, listens=False).limits.mcp_per_minute == 0


def test_workers_on_one_port_need_redis_and_common_keys() -> None:
    faults = faults_of(overrides={"reuse_port": True})
    assert "Redis" in faults["MCP_REDIS_URL"]

    redis = {"MCP_REDIS_URL": "redis://localhost"}
    assert "same" in faults_of(redis, overrides={"reuse_port": True})["MCP_ENCRYPTION_KEYS"]
    assert "same" in faults_of(redis | {"MCP_NODE_NAME": "a"})["MCP_ENCRYPTION_KEYS"]
    config = load(redis | {"MCP_ENCRYPTION_KEYS": KEYS}, overrides={"reuse_port": True})
    assert config.reuse_port
    assert load(redis).node_name is None
    assert load({"MCP_NODE_NAME": "a"}).node_name == "a"


@pytest.mark.parametrize(
    ("given", "absent"), [("MCP_API_KEY", "MCP_API_SECRET"), ("MCP_API_SECRET", "MCP_API_KEY")]
)
def test_half_a_service_account_is_a_fault(given: str, absent: str) -> None:
    assert "missing" in faults_of({given: "x"})[absent]


def test_tls_needs_both_files_and_they_must_fit(tmp_path: Path) -> None:
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    assert "missing" in faults_of({"MCP_TLS_CERT": str(cert)})["MCP_TLS_KEY"]
    assert "missing" in faults_of({"MCP_TLS_KEY": str(key)})["MCP_TLS_CERT"]

    both = {"MCP_TLS_CERT": str(cert), "MCP_TLS_KEY": str(key)}
    assert "cannot be read" in faults_of(both)["MCP_TLS_CERT"]
    cert.write_text("no certificate")
    key.write_text("no key")
    assert "no PEM pair" in faults_of(both)["MCP_TLS_CERT"]


def test_keys_of_an_identity_provider_come_over_https() -> None:
    assert "https" in faults_of({"MCP_JWKS_URL": "http://id.example/keys"})["MCP_JWKS_URL"]
    (warning,) = warnings_of({"MCP_JWKS_URL": "http://localhost:1/keys"})
    assert warning.key == "MCP_JWT_AUDIENCE"


def test_half_a_channel_is_warned_of() -> None:
    keys = [warning.key for warning in warnings_of({"MCP_SMTP_URL": "smtp://mail", "MCP_TWILIO_FROM": "+1"})]

    assert keys == ["MCP_SMTP_FROM", "MCP_TWILIO_ACCOUNT_SID"]


def test_the_dev_account_is_for_guests_and_a_local_shop_only() -> None:
    config = load()
    remote = {"MCP_MUSEO_API_URL": "https://api.example"}

    assert config.is_dev_account
    assert child_of(config, "storefront").environment["MCP_API_KEY"] == "mcp_dev_key"
    assert child_of(config, "storefront").environment["MCP_API_SECRET"] == "mcp_dev_secret"
    assert "MCP_API_KEY" not in child_of(config, "intent").environment
    assert not load(remote).is_dev_account
    assert "MCP_API_KEY" not in child_of(load(remote), "storefront").environment
    assert [warning.key for warning in warnings_of(remote)] == ["MCP_API_SECRET"]
    assert not load({"MCP_AUTH": "required", "MCP_JWT_SECRET": SECRET}).is_dev_account
    assert not load({"MCP_API_KEY": "a", "MCP_API_SECRET": "b"}).is_dev_account


# --- unknown names ---


def test_an_unknown_variable_is_a_warning_with_the_nearest_name() -> None:
    warnings = warnings_of({"MCP_LOG_LEVL": "debug", "MCP_API_KEY_FIEL": "x", "MCP_ZZZ": "x", "OTHER": "x"})
    texts = {warning.key: warning.remedy for warning in warnings}

    assert texts == {
        "MCP_LOG_LEVL": "nothing reads it; do you mean MCP_LOG_LEVEL?",
        "MCP_API_KEY_FIEL": "nothing reads it; do you mean MCP_API_KEY_FILE?",
        "MCP_ZZZ": "nothing reads it",
    }


def test_strict_makes_warnings_faults() -> None:
    assert "MCP_LOG_LEVEL" in faults_of({"MCP_LOG_LEVL": "debug"}, strict=True)["MCP_LOG_LEVL"]


def test_a_variable_that_a_child_asks_for_is_known(toml: Callable[[str], Path]) -> None:
    file = toml('[children.a]\ncommand = ["sh"]\nenv = ["MCP_OWN"]\n')

    assert warnings_of({"MCP_OWN": "x"}, config_file=file) == []


def test_all_faults_are_told_at_once(toml: Callable[[str], Path], servers: Callable[[Any], Path]) -> None:
    file = toml(
        """
[limits]
messages_per_minutes = 3
chat_frame_bytes = 0
[acess]
[children.Bad]
command = ["sh"]
[children.good]
command = []
instances = "two"
backof = {}
backoff = { factor = 0, maximum_seconds = 1 }
pins = "sometimes"
allow = { "*" = ["root"] }
env = ["no name"]
prefix = "a b"
[children.other]
cache_shared = ["x"]
"""
    )
    json_file = servers({"mcpServers": {"My Server": {"command": "sh"}, "two": {"args": []}}, "more": 1})
    environ = {"MCP_ORCHESTRATOR_PORT": "x", "MCP_HOST": "a b", "MCP_AUTH": "none"}
    with pytest.raises(ConfigError) as caught:
        load_config(BASE | environ, config_file=file, mcp_config=json_file)
    faults = {(Path(fault.source).name, fault.key): fault.remedy for fault in caught.value.faults}

    assert set(faults) == {
        ("environment", "MCP_ORCHESTRATOR_PORT"),
        ("environment", "MCP_HOST"),
        ("environment", "MCP_AUTH"),
        ("museod.toml", "acess"),
        ("museod.toml", "limits.messages_per_minutes"),
        ("museod.toml", "limits.chat_frame_bytes"),
        ("museod.toml", "children.Bad"),
        ("museod.toml", "children.good.command"),
        ("museod.toml", "children.good.instances"),
        ("museod.toml", "children.good.backof"),
        ("museod.toml", "children.good.backoff.factor"),
        ("museod.toml", "children.good.backoff.maximum_seconds"),
        ("museod.toml", "children.good.pins"),
        ("museod.toml", "children.good.allow"),
        ("museod.toml", "children.good.env"),
        ("museod.toml", "children.good.prefix"),
        ("museod.toml", "children.other.command"),
        ("servers.json", "mcpServers.My Server"),
        ("servers.json", "mcpServers.two.command"),
        ("servers.json", "more"),
    }
    assert "do you mean messages_per_minute?" in faults["museod.toml", "limits.messages_per_minutes"]
    assert "do you mean access?" in faults["museod.toml", "acess"]
    assert "do you mean max_seconds?" in faults["museod.toml", "children.good.backoff.maximum_seconds"]
    assert "want off or warn or enforce" in faults["museod.toml", "children.good.pins"]
    assert "customer" in faults["museod.toml", "children.good.allow"]
    assert "for example my-server" in faults["servers.json", "mcpServers.My Server"]
    assert str(caught.value).count("\n") == len(faults) - 1


# --- files ---


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        ("[limits\n", "no valid TOML"),
        ("a = 1\na = 2\n", "no valid TOML"),
        ("children = 5\n", "must be tables"),
        ("[children]\na = 5\n", "must be a table"),
        ("limits = 5\n", "must be a table"),
        ('[children.a]\ncommand = [""]\n', "name is empty"),
        ('[children.a]\ncommand = "sh -c x"\n', "array"),
        ('[children.a]\ncommand = ["sh"]\ncall_timeout_seconds = nan\n', "> 0"),
        ('[children.a]\ncommand = ["sh"]\ncall_timeout_seconds = true\n', "float"),
        ('[children.a]\ncommand = ["sh"]\nname = "b"\n', "is unknown"),
        ('[children.a]\ncommand = ["sh"]\nenvironment = {}\n', "is unknown"),
        ('[children.a]\ncommand = ["sh"]\nenv = ["MCP_JWT_SECRET"]\n', "take it out"),
        ('[children.a]\ncommand = ["sh"]\ncache = { seach = 3 }\ncache_shared = ["search"]\n', "mean seach"),
        ('[children.a]\ncommand = ["sh"]\nbackoff = { initial_seconds = 40 }\n', "more than max_seconds"),
        ("[limits]\n", "names no child"),
        ("x = " + "[" * 5_000, "TOML|nests too deeply"),
        ("#" * 1_100_000, "larger than"),
    ],
)
def test_a_bad_file_is_a_fault(text: str, remedy: str, toml: Callable[[str], Path]) -> None:
    with pytest.raises(ConfigError, match=remedy):
        load(config_file=toml(text))


@pytest.mark.parametrize(
    ("content", "remedy"),
    [
        ("{", "no valid JSON"),
        ("[]", "mcpServers"),
        ({"servers": {}}, "mcpServers"),
        ({"mcpServers": {}}, "names no child"),
        ({"mcpServers": {"a": 5}}, "must be a table"),
        ({"mcpServers": {"a": {"url": "https://x"}}}, "runs local ones"),
        ({"mcpServers": {"a": {"command": "sh", "type": "sse"}}}, "want stdio"),
        ({"mcpServers": {"a": {"command": "sh", "comand": "x"}}}, "mean command"),
        ({"mcpServers": {"a": {"command": "sh", "env": {"A": 1}}}}, "in quotes"),
        ({"mcpServers": {"a": {"command": "sh", "env": {"A B": "1"}}}}, "no name of a variable"),
        ({"mcpServers": {"a": {"command": "sh", "env": []}}}, "expected object"),
        ('{"mcpServers":{"a":{"command":"sh"},"a":{"command":"sh"}}}', "stands twice"),
        ({"mcpServers": {f"c{n}": {"command": "sh"} for n in range(300)}}, "at most 256"),
        ("[" * 100_000, "nests too deeply"),
    ],
)
def test_a_bad_servers_file_is_a_fault(content: Any, remedy: str, servers: Callable[[Any], Path]) -> None:
    with pytest.raises(ConfigError, match=remedy):
        load(mcp_config=servers(content))


def test_a_bad_value_in_servers_json_is_not_quoted(servers: Callable[[Any], Path]) -> None:
    file = servers({"mcpServers": {"a": {"command": "sh", "env": {"TOKEN": 987654321, "B C": "CANARY"}}}})
    text = str(faults_of(mcp_config=file))

    assert "987654321" not in text
    assert "CANARY" not in text


def test_servers_alone_replace_the_default_children(servers: Callable[[Any], Path]) -> None:
    file = servers({"mcpServers": {"files": {"command": "sh", "args": ["-c", "x"], "prefix": "fs_"}}})
    (child,) = load(mcp_config=file).children

    assert child.name == "files"
    assert child.command == ("sh", "-c", "x")
    assert child.prefix == "fs_"
    assert child.allow is None
    assert not child.identity


def test_servers_beside_a_file_add_to_it(toml: Callable[[str], Path], servers: Callable[[Any], Path]) -> None:
    file = toml('[children.a]\ncommand = ["sh"]\n')
    config = load(config_file=file, mcp_config=servers({"mcpServers": {"b": {"command": "sh"}}}))
    assert [child.name for child in config.children] == ["a", "b"]

    faults = faults_of(config_file=file, mcp_config=servers({"mcpServers": {"a": {"command": "sh"}}}))
    assert "another name" in faults["mcpServers.a"]


def test_a_disabled_server_is_left_out(servers: Callable[[Any], Path]) -> None:
    entries = {"a": {"command": "sh", "disabled": True}, "b": {"command": "sh", "type": "stdio"}}

    assert [child.name for child in load(mcp_config=servers({"mcpServers": entries})).children] == ["b"]


def test_a_program_that_is_not_there_is_warned_of(toml: Callable[[str], Path]) -> None:
    (warning,) = warnings_of(config_file=toml('[children.a]\ncommand = ["no-such-program"]\n'))

    assert "not found" in warning.remedy


# --- the environment of children ---


def test_a_child_gets_what_it_was_promised_and_nothing_else(toml: Callable[[str], Path]) -> None:
    file = toml('[children.a]\ncommand = ["sh"]\nenv = ["OWN", "ABSENT", "MCP_CURRENCY", "MCP_STATE_DIR"]\n')
    environ = {
        "OWN": "x",
        "OTHER": "CANARY",
        "MCP_JWT_SECRET": SECRET,
        "AWS_SECRET_ACCESS_KEY": "CANARY",
        "LD_PRELOAD": "CANARY",
        "PYTHONSTARTUP": "CANARY",
        "NOTIFY_SOCKET": "CANARY",
        "CREDENTIALS_DIRECTORY": "/nonexistent",
        "LC_ALL": "de_DE.UTF-8",
        "TZ": "Europe/Vienna",
    }
    environment = child_of(load(environ, config_file=file), "a").environment

    assert dict(environment) == {
        "PATH": BASE["PATH"],
        "HOME": BASE["HOME"],
        "LC_ALL": "de_DE.UTF-8",
        "TZ": "Europe/Vienna",
        "OWN": "x",
        "MCP_CURRENCY": "EUR",
        "MCP_STATE_DIR": "/home/museo/.local/state/museod",
    }


def test_a_child_gets_a_secret_wherever_it_came_from(tmp_path: Path) -> None:
    for name, value in (("MCP_API_KEY", "the key"), ("MCP_API_SECRET", "the secret")):
        (tmp_path / f"museod_{name}").write_text(f"{value}\n")
    environment = child_of(load({"CREDENTIALS_DIRECTORY": str(tmp_path)}), "storefront").environment

    assert (environment["MCP_API_KEY"], environment["MCP_API_SECRET"]) == ("the key", "the secret")


def test_a_server_gets_its_own_variables(servers: Callable[[Any], Path]) -> None:
    file = servers({"mcpServers": {"a": {"command": "sh", "env": {"TOKEN": "t", "PATH": "/x", "V": "${V}"}}}})
    environment = child_of(load({"V": "expanded"}, mcp_config=file), "a").environment
    keys = [warning.key for warning in warnings_of(mcp_config=file)]

    assert dict(environment) == {"PATH": "/x", "HOME": BASE["HOME"], "TOKEN": "t", "V": "${V}"}
    assert "mcpServers.a.env.V" in keys


# --- secrets out of sight ---


def canaries() -> dict[str, str]:
    return {
        "MCP_JWT_SECRET": "CANARY" * 6,
        "MCP_REDIS_URL": "redis://:CANARY@localhost",
        "MCP_API_KEY": "CANARY",
        "MCP_API_SECRET": "CANARY",
        "MCP_ANTHROPIC_API_KEY": "CANARY",
        "MCP_GROQ_API_KEY": "CANARY",
        "MCP_SMTP_URL": "smtp://u:CANARY@mail",
        "MCP_SMTP_FROM": "shop@example.com",
        "MCP_TWILIO_ACCOUNT_SID": "AC1",
        "MCP_TWILIO_AUTH_TOKEN": "CANARY",
        "MCP_TWILIO_FROM": "+1",
        "MCP_WHATSAPP_PHONE_ID": "1",
        "MCP_WHATSAPP_TOKEN": "CANARY",
        "MCP_TOKEN": "CANARY",
        "MCP_ENCRYPTION_KEYS": KEYS,
    }


def test_no_view_of_the_configuration_shows_a_secret() -> None:
    config = load(canaries())
    views = [repr(config), str(config), json.dumps(describe(config)), repr(config.children)]

    assert child_of(config, "storefront").environment["MCP_API_SECRET"] == "CANARY"
    for view in views:
        assert "CANARY" not in view
        assert KEYS.partition(":")[2] not in view
        assert "AAECAw" not in view


def test_the_description_names_what_matters() -> None:
    described = describe(load())

    assert described["port"] == 3300
    assert described["is_loopback"] is True
    assert described["state_dir"] == "/home/museo/.local/state/museod"
    assert described["children"]["storefront"]["command"][1:] == ["-m", "mcps.storefront"]
    assert "MCP_API_SECRET" in described["children"]["storefront"]["environment"]


def test_the_configuration_cannot_be_changed() -> None:
    config = load()
    with pytest.raises(AttributeError):
        config.port = 1  # type: ignore[misc]
    with pytest.raises(AttributeError):
        config.limits.mcp_per_minute = 1  # type: ignore[misc]


def test_two_loads_of_the_same_are_equal() -> None:
    # A reload compares what it read with what runs.
    environ = {"MCP_JWT_SECRET": SECRET}

    assert load(environ) == load(environ)
    assert load(environ).children != load(environ | {"MCP_CURRENCY": "CHF"}).children


def test_the_shipped_file_reads_well_without_colour_or_tabs() -> None:
    text = DEFAULT_FILE.read_text()

    assert "\t" not in text
    assert max(map(len, text.splitlines())) <= 120


@pytest.mark.real
def test_importing_the_configuration_is_cheap() -> None:
    code = "import sys, museod.config; print('trio' in sys.modules, 'httpx' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=30
    )

    assert done.stdout.strip() == "False False"
