"""
The variables that museod reads, and where a secret may come from.

A secret is taken from, in this order: the variable itself, the file that `NAME_FILE` names, and the
credentials directory of systemd (`$CREDENTIALS_DIRECTORY/museod_NAME`, as `LoadCredential=museod:DIRECTORY`
makes them, or `/NAME`). An empty variable counts as unset, as compose files and EnvironmentFile= write it.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from museod.config import values
from museod.config.files import MAX_SECRET_BYTES, nearest, read_bounded
from museod.errors import Fault

ENVIRONMENT = "environment"
COMMAND_LINE = "command line"


@dataclass(frozen=True, slots=True)
class Variable:
    """One variable: its name, the field that it sets, how it is read, what it is when unset."""

    name: str
    field: str
    parse: Callable[[str], Any]
    purpose: str
    default: str = ""
    is_secret: bool = False
    unset: Any = None


def _secret(
    name: str, field: str, purpose: str, parse: Callable[[str], Any] = values.secret, unset: Any = None
) -> Variable:
    return Variable(name, field, parse, purpose, is_secret=True, unset=unset)


def _list(name: str, field: str, parse: Callable[[str], Any], purpose: str) -> Variable:
    return Variable(name, field, values.each(parse), purpose, unset=())


_http = values.url("http", "https")
_redis = values.secret_url(
    *("redis", "rediss", "unix", "redis+sentinel", "rediss+sentinel"), example="redis://localhost:6379/0"
)
_smtp = values.secret_url(
    *("smtp", "smtps", "smtp+starttls"), example="smtps://user:password@mail.example:465"
)

VARIABLES: tuple[Variable, ...] = (
    Variable("MCP_HOST", "hosts", values.listening_hosts, "where to listen", "127.0.0.1"),
    Variable("MCP_ORCHESTRATOR_PORT", "port", values.integer(0, 65_535), "the one port (0: any)", "3300"),
    Variable("MCP_TLS_CERT", "tls_cert", values.path, "certificate chain (PEM)"),
    Variable("MCP_TLS_KEY", "tls_key", values.path, "its private key (PEM)"),
    _list("MCP_ALLOWED_ORIGINS", "allowed_origins", values.origin, "origins of web pages"),
    _list("MCP_ALLOWED_HOSTS", "allowed_hosts", values.host_header, "Host headers"),
    _list("MCP_TRUSTED_PROXIES", "trusted_proxies", values.cidr, "networks of proxies"),
    Variable("MCP_AUTH", "auth", values.choice("required", "guest"), "who may come in", "required"),
    Variable("MCP_QUERY_TOKENS", "query_tokens", values.switch, "?token= on chat upgrades", "on"),
    _secret("MCP_JWT_SECRET", "jwt_secrets", "signs tokens; newest first", values.jwt_secrets, ()),
    Variable("MCP_JWKS_URL", "jwks_url", _http, "public keys of an identity provider"),
    Variable("MCP_JWT_ISSUER", "jwt_issuer", values.plain, "the `iss` that tokens must have"),
    Variable("MCP_JWT_AUDIENCE", "jwt_audience", values.plain, "the `aud` that tokens must have"),
    Variable("MCP_API_KEYS_FILE", "api_keys_file", values.path, "lines `name role scopes hmac`"),
    Variable("MCP_LIMITS", "limits_on", values.switch, "off lifts rates and counts", "on"),
    Variable("MCP_STATE_DIR", "state_dir", values.path, "keys, embedded store, journal"),
    _secret("MCP_REDIS_URL", "redis_url", "shared state; unset: the embedded store", _redis),
    _secret("MCP_ENCRYPTION_KEYS", "encryption_keys", "seal state; newest first", values.encryption_keys, ()),
    Variable("MCP_RETENTION_DAYS", "retention_days", values.integer(1, 3_650), "of conversations", "30"),
    Variable("MCP_NODE_NAME", "node_name", values.node_name, "this node among several"),
    Variable("MCP_MUSEO_API_URL", "museo_api_url", _http, "the shop's API", "http://localhost:8000"),
    _secret("MCP_API_KEY", "api_key", "service account at the shop"),
    _secret("MCP_API_SECRET", "api_secret", "its secret"),
    Variable("MCP_CURRENCY", "currency", values.currency, "of prices without one", "EUR"),
    _secret("MCP_ANTHROPIC_API_KEY", "anthropic_api_key", "Claude"),
    Variable("MCP_ANTHROPIC_BASE_URL", "anthropic_base_url", _http, "another endpoint"),
    _secret("MCP_GROQ_API_KEY", "groq_api_key", "Groq"),
    Variable("MCP_GROQ_BASE_URL", "groq_base_url", _http, "another endpoint"),
    _secret("MCP_SMTP_URL", "smtp_url", "outgoing mail", _smtp),
    Variable("MCP_SMTP_FROM", "smtp_from", values.plain, "sender of mail"),
    Variable("MCP_TWILIO_ACCOUNT_SID", "twilio_account_sid", values.plain, "SMS account"),
    _secret("MCP_TWILIO_AUTH_TOKEN", "twilio_auth_token", "its token"),
    Variable("MCP_TWILIO_FROM", "twilio_from", values.plain, "sender of SMS"),
    Variable("MCP_TWILIO_BASE_URL", "twilio_base_url", _http, "another endpoint"),
    Variable("MCP_WHATSAPP_PHONE_ID", "whatsapp_phone_id", values.plain, "sender on WhatsApp"),
    _secret("MCP_WHATSAPP_TOKEN", "whatsapp_token", "its token"),
    Variable("MCP_WHATSAPP_BASE_URL", "whatsapp_base_url", _http, "another endpoint"),
    Variable(
        "MCP_LOG_LEVEL",
        "log_level",
        values.choice("debug", "info", "warn", "error", aliases={"warning": "warn"}),
        "how much is logged",
        "info",
    ),
    Variable("MCP_LOKI_HOST", "loki_host", values.host, "log push; unset: stderr only"),
    Variable("MCP_LOKI_PORT", "loki_port", values.integer(1, 65_535), "its port", "3100"),
    Variable("MCP_DRAIN_SECONDS", "drain_seconds", values.seconds(600), "for calls to finish", "10"),
    Variable("MCP_URL", "url", values.url("http", "https", "ws", "wss"), "the daemon, for commands"),
    _secret("MCP_TOKEN", "token", "the caller, for commands"),
)

# What a daemon hands out or lets in with; no child has a use for them, and one that is taken over would.
NEVER_FOR_CHILDREN = frozenset({"MCP_JWT_SECRET", "MCP_TOKEN"})


@dataclass(frozen=True, slots=True)
class Settings:
    """
    What the environment said.

    `values` are the parsed values by field, `unset` where unset or bad; `texts` the texts behind them by
    variable, defaults included, for the children; `given` the variables that were set at all.
    """

    values: Mapping[str, Any]
    texts: Mapping[str, str]
    given: frozenset[str]


def read_environment(
    environ: Mapping[str, str],
    overrides: Mapping[str, str],
    faults: list[Fault],
    warnings: list[Fault],
) -> Settings:
    """
    Read every variable of the table.

    Args:
        overrides: texts from command line options, by variable; they win, under the option's name.
    """
    parsed: dict[str, Any] = {}
    texts: dict[str, str] = {}
    given: set[str] = set()
    for variable in VARIABLES:
        source, text = _text_of(variable, environ, overrides, faults, warnings)
        parsed[variable.field] = variable.unset
        if text:
            given.add(variable.name)
        text = text or variable.default
        if not text:
            continue
        try:
            parsed[variable.field] = variable.parse(text)
        except ValueError as error:
            faults.append(Fault(source, variable.name, str(error)))
            continue
        texts[variable.name] = text
    return Settings(parsed, texts, frozenset(given))


def _text_of(
    variable: Variable,
    environ: Mapping[str, str],
    overrides: Mapping[str, str],
    faults: list[Fault],
    warnings: list[Fault],
) -> tuple[str, str]:
    """The source and the text of one variable; an empty text when it is unset (or its file is unusable)."""
    name = variable.name
    if name in overrides:
        return COMMAND_LINE, overrides[name].strip()
    text = environ.get(name, "").strip()
    if not variable.is_secret:
        return ENVIRONMENT, text
    named = environ.get(f"{name}_FILE", "").strip()
    if text and named:
        faults.append(Fault(ENVIRONMENT, name, f"is set, and so is {name}_FILE; keep one of them"))
    if text:
        return ENVIRONMENT, text
    if named:
        return named, _from_file(Path(named), f"{name}_FILE", faults, warnings)
    directory = environ.get("CREDENTIALS_DIRECTORY", "")
    for file in (Path(directory, f"museod_{name}"), Path(directory, name)) if directory else ():
        if file.exists():
            return str(file), _from_file(file, name, faults, [])
    return ENVIRONMENT, ""


def _from_file(path: Path, key: str, faults: list[Fault], warnings: list[Fault]) -> str:
    try:
        text = read_bounded(path, MAX_SECRET_BYTES).decode().strip()
    except UnicodeDecodeError:
        faults.append(Fault(str(path), key, "is not UTF-8 text"))
        return ""
    except ValueError as error:
        faults.append(Fault(ENVIRONMENT, key, str(error)))
        return ""
    if not text:
        faults.append(Fault(str(path), key, "is empty; write the secret into it or drop the variable"))
    elif path.stat().st_mode & stat.S_IROTH:
        warnings.append(Fault(str(path), key, f"everybody can read it; chmod 600 {path}"))
    return text


def find_unknown(environ: Mapping[str, str], also_known: Iterable[str]) -> list[Fault]:
    """`MCP_*` variables that nothing reads, each with the nearest known name."""
    known = {variable.name for variable in VARIABLES} | set(also_known)
    known |= {f"{variable.name}_FILE" for variable in VARIABLES if variable.is_secret}
    return [
        Fault(ENVIRONMENT, name, f"nothing reads it{nearest(name, known)}")
        for name in sorted(environ)
        if name.startswith("MCP_") and name not in known
    ]


# What a program needs to start and to read its user's language; none of it is a secret.
_BASE_NAMES = (
    "PATH",  # finds the program and what it starts
    "HOME",  # caches of npx, uvx and the like
    "USER",  # getpass.getuser() fails without it where the uid has no passwd entry
    "LOGNAME",
    "LANG",  # text encoding of the child's own output
    "LANGUAGE",
    "TZ",  # dates in the shop's time
    "TMPDIR",  # private temporary directory under systemd
    "VIRTUAL_ENV",  # tools that look for their environment
    "SSL_CERT_FILE",  # a company's own certificate authority
    "SSL_CERT_DIR",
    "PYTHONPATH",  # running from a checkout
    "PYTHONHOME",  # relocated interpreters
    "PYTHONUTF8",
    "PYTHONNOUSERSITE",
    "PYTHONDONTWRITEBYTECODE",  # read-only installations
    "PYTHONPYCACHEPREFIX",
    "PYTHONHASHSEED",
)


def base_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """The part of the environment that every child gets."""
    base = {name: value for name, value in environ.items() if name in _BASE_NAMES or name.startswith("LC_")}
    base.setdefault("PATH", os.defpath)
    return base
