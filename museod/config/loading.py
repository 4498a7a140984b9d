"""Everything together: environment, files, and the rules between values."""

from __future__ import annotations

import os
import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypedDict
from urllib.parse import urlsplit

from museod.config.children import missing_program, read_children, read_servers, with_environment
from museod.config.environment import ENVIRONMENT, Settings, find_unknown, read_environment
from museod.config.files import read_json, read_struct, read_toml, unknown_key
from museod.config.model import Access, ChildConfig, Config, Limits, is_loopback_host
from museod.config.secret import Secret
from museod.errors import ConfigError, Fault

DEFAULT_FILE = Path(__file__).parent.parent / "default.toml"
_SOCKET_PATH_MAX = 107  # bytes; sockaddr_un holds 108 with the final NUL
_TABLES = ("limits", "access", "children")
# The service account that the sandbox shop accepts when nothing else is said.
DEV_ACCOUNT = ("mcp_dev_key", "mcp_dev_secret")


class Overrides(TypedDict, total=False):
    """Options of the command line that win over the environment; None is not given."""

    host: str | None
    port: int | None
    reuse_port: bool


def load_config(
    environ: Mapping[str, str],
    *,
    config_file: Path | None = None,
    mcp_config: Path | None = None,
    overrides: Overrides | None = None,
    strict: bool = False,
    listens: bool = True,
) -> tuple[Config, list[Fault]]:
    """
    The configuration, and warnings about it.

    Args:
        config_file: replaces the museod.toml that ships with the package.
        mcp_config: a servers.json; given alone, its children replace the default ones.
        overrides: command line options.
        strict: warnings are faults.
        listens: false for what opens no port (`museod stdio` and the commands): then nobody needs a token,
            and limits may be lifted.

    Raises:
        ConfigError: with every fault found.
    """
    faults: list[Fault] = []
    warnings: list[Fault] = []
    given = overrides or Overrides()
    settings = read_environment(environ, _override_texts(given), faults, warnings)
    values = dict(settings.values)
    values["reuse_port"] = given.get("reuse_port", False)
    _place_state(values, environ, faults)
    _default_account(values)
    _check_between(values, settings, faults, warnings, listens=listens)

    tables = read_toml(config_file or DEFAULT_FILE, faults)
    source = str(config_file or DEFAULT_FILE)
    for key in tables:
        if key not in _TABLES:
            faults.append(Fault(source, key, unknown_key(key, _TABLES)))
    limits = (
        read_struct(Limits, tables.get("limits", {}), source=source, where="limits", faults=faults)
        or Limits()
    )
    values["limits"] = limits if values["limits_on"] in (True, None) else limits.lifted()
    values["access"] = read_struct(
        Access, tables.get("access", {}), source=source, where="access", faults=faults
    )
    values["children"] = _children(
        tables,
        source,
        config_file,
        mcp_config,
        environ,
        _texts_for_children(settings, values),
        faults,
        warnings,
    )
    named = {name for child in values["children"] for name in child.env}
    warnings.extend(find_unknown(environ, named))
    _check_children(values, faults, warnings)
    if strict:
        faults.extend(warnings)
    if faults:
        raise ConfigError(faults)
    return Config(**values), warnings


def _override_texts(overrides: Overrides) -> dict[str, str]:
    texts: dict[str, str] = {}
    host, port = overrides.get("host"), overrides.get("port")
    if host is not None:
        texts["MCP_HOST"] = host
    if port is not None:
        texts["MCP_ORCHESTRATOR_PORT"] = str(port)
    return texts


def _place_state(values: dict[str, Any], environ: Mapping[str, str], faults: list[Fault]) -> None:
    """Decide where state and the control socket live."""
    state = values["state_dir"]
    if state is None:
        # systemd names several directories with colons between; the first is the unit's own.
        given = environ.get("STATE_DIRECTORY", "").split(":")[0]
        home = environ.get("HOME", "")
        if given:
            state = Path(given)
        elif home:
            state = Path(home, ".local", "state", "museod")
        else:
            text = "is not set, and neither is HOME; name a directory for keys and state"
            faults.append(Fault(ENVIRONMENT, "MCP_STATE_DIR", text))
            state = Path("/nonexistent")
    runtime = environ.get("RUNTIME_DIRECTORY", "").split(":")[0]
    socket = Path(runtime or state, "museod.sock")
    if len(os.fsencode(socket)) > _SOCKET_PATH_MAX:
        key = "RUNTIME_DIRECTORY" if runtime else "MCP_STATE_DIR"
        text = (
            f"{socket} is longer than the {_SOCKET_PATH_MAX} bytes of a socket's path; choose a shorter one"
        )
        faults.append(Fault(ENVIRONMENT, key, text))
    values["state_dir"], values["socket_path"] = state, socket


def _default_account(values: dict[str, Any]) -> None:
    """For trying out, the account of the sandbox shop: guests only, and the shop on this very machine."""
    is_unset = values["api_key"] is None and values["api_secret"] is None
    shop = values["museo_api_url"]
    values["is_dev_account"] = (
        is_unset and values["auth"] == "guest" and shop is not None and _is_on_this_machine(shop)
    )
    if values["is_dev_account"]:
        values["api_key"], values["api_secret"] = (Secret(text) for text in DEV_ACCOUNT)


def _is_on_this_machine(url: str) -> bool:
    return is_loopback_host(urlsplit(url).hostname or "")


def _check_between(
    values: dict[str, Any], settings: Settings, faults: list[Fault], warnings: list[Fault], *, listens: bool
) -> None:
    """The rules between variables. A value that is None here was unset or has its fault already."""

    def fault(key: str, remedy: str) -> None:
        faults.append(Fault(ENVIRONMENT, key, remedy))

    def warn(key: str, remedy: str) -> None:
        warnings.append(Fault(ENVIRONMENT, key, remedy))

    given = settings.given
    is_loopback = values["hosts"] is not None and all(map(is_loopback_host, values["hosts"]))
    ways_in = {"MCP_JWT_SECRET", "MCP_JWKS_URL", "MCP_API_KEYS_FILE"}
    if listens and values["auth"] == "required" and not ways_in & given:
        fault(
            "MCP_AUTH",
            "is required, but nothing can vouch for a caller: set MCP_JWT_SECRET (`openssl rand -hex 32`), "
            "MCP_JWKS_URL or MCP_API_KEYS_FILE; to try museod out, set MCP_AUTH=guest",
        )
    if listens and values["limits_on"] is False and values["hosts"] is not None and not is_loopback:
        fault("MCP_LIMITS", "off is for a loopback listener only; set MCP_HOST=127.0.0.1, or MCP_LIMITS=on")
    if values["reuse_port"] and "MCP_REDIS_URL" not in given:
        fault("MCP_REDIS_URL", "is needed by --reuse-port: workers on one port share their state in Redis")
    several = values["reuse_port"] or values["node_name"] is not None
    if several and "MCP_REDIS_URL" in given and "MCP_ENCRYPTION_KEYS" not in given:
        fault(
            "MCP_ENCRYPTION_KEYS",
            "is needed by several nodes, so that each reads what another stored: give all of them the same, "
            "`echo k1:$(openssl rand -base64 32)`",
        )
    if ("MCP_API_KEY" in given) != ("MCP_API_SECRET" in given):
        absent = "MCP_API_SECRET" if "MCP_API_KEY" in given else "MCP_API_KEY"
        fault(absent, "is missing; the service account is a pair of MCP_API_KEY and MCP_API_SECRET")
    if ("MCP_TLS_CERT" in given) != ("MCP_TLS_KEY" in given):
        absent = "MCP_TLS_KEY" if "MCP_TLS_CERT" in given else "MCP_TLS_CERT"
        fault(absent, "is missing; TLS needs both MCP_TLS_CERT and MCP_TLS_KEY")
    elif values["tls_cert"] is not None and values["tls_key"] is not None:
        problem = _tls_problem(values["tls_cert"], values["tls_key"])
        if problem:
            fault("MCP_TLS_CERT", problem)
    keys_file = values["api_keys_file"]
    if keys_file is not None and not os.access(keys_file, os.R_OK):
        fault("MCP_API_KEYS_FILE", f"{keys_file} cannot be read")

    if values["auth"] == "guest" and listens and values["hosts"] is not None and not is_loopback:
        warn(
            "MCP_AUTH", "guest lets everybody in who reaches MCP_HOST; fine for a public shop, else required"
        )
    if values["jwks_url"] is not None and values["jwt_audience"] is None:
        warn("MCP_JWT_AUDIENCE", "is not set: tokens made for other services of the same issuer pass too")
    jwks = values["jwks_url"]
    if jwks is not None and not jwks.startswith("https:") and not _is_on_this_machine(jwks):
        fault("MCP_JWKS_URL", "must be https: whoever is between could hand out keys of his own")
    for names in (
        ("MCP_SMTP_URL", "MCP_SMTP_FROM"),
        ("MCP_TWILIO_ACCOUNT_SID", "MCP_TWILIO_AUTH_TOKEN", "MCP_TWILIO_FROM"),
        ("MCP_WHATSAPP_PHONE_ID", "MCP_WHATSAPP_TOKEN"),
    ):
        absent_names = [name for name in names if name not in given]
        if 0 < len(absent_names) < len(names):
            warn(absent_names[0], f"is not set, so nothing is sent: that needs {', '.join(names)}")


def _tls_problem(cert: Path, key: Path) -> str:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        # Without a callback OpenSSL would ask for a passphrase on the terminal.
        context.load_cert_chain(cert, key, password=lambda: "")
    except ssl.SSLError as error:
        return (
            f"{cert} and {key} are no PEM pair, or the key has a passphrase ({error.reason or 'unreadable'})"
        )
    except OSError as error:
        return f"{error.filename or f'{cert} or {key}'} cannot be read: {error.strerror}"
    return ""


def _texts_for_children(settings: Settings, values: Mapping[str, Any]) -> dict[str, str]:
    texts = dict(settings.texts)
    texts["MCP_STATE_DIR"] = str(values["state_dir"])
    if values["is_dev_account"]:
        texts["MCP_API_KEY"], texts["MCP_API_SECRET"] = DEV_ACCOUNT
    return texts


def _children(
    tables: Mapping[str, Any],
    source: str,
    config_file: Path | None,
    mcp_config: Path | None,
    environ: Mapping[str, str],
    texts: Mapping[str, str],
    faults: list[Fault],
    warnings: list[Fault],
) -> tuple[ChildConfig, ...]:
    children: dict[str, ChildConfig] = {}
    sources: dict[str, str] = {}
    if config_file is not None or mcp_config is None:
        for name, child in read_children(tables.get("children", {}), source, faults).items():
            children[name], sources[name] = with_environment(child, environ, texts), source
    if mcp_config is not None:
        content = read_json(mcp_config, faults)
        servers = read_servers(content, str(mcp_config), faults, warnings) if content is not None else {}
        for name, (child, own) in servers.items():
            if name in children:
                text = f"is also in {source}; give one of them another name"
                faults.append(Fault(str(mcp_config), f"mcpServers.{name}", text))
            children[name] = with_environment(child, environ, texts, own)
            sources[name] = str(mcp_config)
    if not children and not faults:
        where = str(mcp_config or source)
        faults.append(Fault(where, "children", "names no child; add one, or leave the option away"))
    for name, child in children.items():
        if (missing := missing_program(child, sources[name])) is not None:
            warnings.append(missing)
    return tuple(children.values())


def _check_children(values: Mapping[str, Any], faults: list[Fault], warnings: list[Fault]) -> None:
    wanting = [child.name for child in values["children"] if "MCP_API_SECRET" in child.env]
    if wanting and values["api_secret"] is None and not any(f.key == "MCP_API_SECRET" for f in faults):
        text = f"and MCP_API_KEY are not set, so {', '.join(wanting)} cannot sign in at the shop"
        warnings.append(Fault(ENVIRONMENT, "MCP_API_SECRET", text))
