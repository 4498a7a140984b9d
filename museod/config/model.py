"""The configuration as frozen structs. Durations are seconds, sizes bytes; a limit of 0 is none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from ipaddress import IPv4Network, IPv6Network, ip_address
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from museod.config.secret import MASK, Secret

Rate = Annotated[int, Meta(ge=0, le=1_000_000)]
Count = Annotated[int, Meta(ge=0, le=100_000)]
# Below 1 KiB no MCP message fits; above 256 MiB a single message would fill a small machine.
Size = Annotated[int, Meta(ge=1_024, le=256 * 1024 * 1024)]
Seconds = Annotated[float, Meta(gt=0, le=86_400)]
Grace = Annotated[float, Meta(ge=0, le=300)]
RoleName = Literal["guest", "customer", "admin", "operator", "service"]
ToolName = Annotated[str, Meta(min_length=1, max_length=128)]
Argument = Annotated[str, Meta(max_length=4_096, pattern=r"^[^\x00]*\Z", description="holds a NUL character")]
VariableName = Annotated[
    str,
    Meta(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,127}\Z", description="want names of variables: A-Z a-z 0-9 _"),
]
Prefix = Annotated[
    str, Meta(pattern=r"^[A-Za-z0-9_.-]{0,32}\Z", description="want at most 32 of A-Z a-z 0-9 _ . -")
]


class Limits(Struct, frozen=True, kw_only=True):
    """How much one caller may ask for. Rates and counts may be lifted (0), sizes always hold."""

    messages_per_minute: Rate = 30
    messages_burst: Count = 10
    mcp_per_minute: Rate = 600
    invalid_frames_per_minute: Rate = 20
    connections_per_address: Count = 256
    in_flight_per_connection: Count = 64
    http_body_bytes: Size = 4_194_304
    mcp_frame_bytes: Size = 4_194_304
    chat_frame_bytes: Size = 65_536

    def lifted(self) -> Limits:
        """The same sizes without rates and counts, as MCP_LIMITS=off has it."""
        return msgspec.structs.replace(
            self,
            messages_per_minute=0,
            messages_burst=0,
            mcp_per_minute=0,
            invalid_frames_per_minute=0,
            connections_per_address=0,
            in_flight_per_connection=0,
        )


class Access(Struct, frozen=True, kw_only=True):
    """Who is who beyond the tokens. `staff`: user ids that are admin when a connector speaks for them."""

    staff: tuple[Annotated[str, Meta(min_length=1, max_length=110)], ...] = ()


class Backoff(Struct, frozen=True, kw_only=True):
    """How long to wait before a child is started again; each failure multiplies the wait by `factor`."""

    initial_seconds: Annotated[float, Meta(ge=0, le=3_600)] = 0.2
    max_seconds: Annotated[float, Meta(gt=0, le=3_600)] = 30.0
    factor: Annotated[float, Meta(ge=1, le=100)] = 2.0
    jitter: Annotated[float, Meta(ge=0, lt=1)] = 0.2


class Intensity(Struct, frozen=True, kw_only=True):
    """More than `restarts` within `within_seconds`: the child has failed, and is retried slowly."""

    restarts: Annotated[int, Meta(ge=0, le=10_000)] = 5
    within_seconds: Seconds = 60.0


class ChildEnvironment(Mapping[str, str]):
    """The whole environment of a child. It holds secrets: printed, it shows the names alone."""

    __slots__ = ("_values",)

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = dict(values)

    def __getitem__(self, name: str) -> str:
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return "{" + ", ".join(f"{name}={MASK}" for name in sorted(self._values)) + "}"


class ChildConfig(Struct, frozen=True, kw_only=True):
    """
    One child.

    `env` names what reaches the child; `environment` is the result, complete. `allow` maps a tool (or `*`
    for all others) to the roles that may call it; None means that nothing was said: admin and service, and
    everyone on a loopback listener in guest mode.
    """

    name: str
    command: Annotated[tuple[Argument, ...], Meta(min_length=1, max_length=256)]
    instances: Annotated[int, Meta(ge=1, le=64)] = 1
    restart: Literal["permanent", "transient", "temporary"] = "permanent"
    backoff: Backoff = Backoff()
    intensity: Intensity = Intensity()
    significant: bool = False
    era: Literal["auto", "modern", "legacy"] = "auto"
    interactive: bool = False
    identity: bool = False
    pins: Literal["off", "warn", "enforce"] = "warn"
    prefix: Prefix = ""
    env: Annotated[tuple[VariableName, ...], Meta(max_length=128)] = ()
    environment: ChildEnvironment = ChildEnvironment({})
    cwd: Argument | None = None
    call_timeout_seconds: Seconds = 20.0
    call_timeouts: dict[ToolName, Seconds] = {}
    start_timeout_seconds: Seconds = 15.0
    stop_grace_seconds: Grace = 2.0
    term_grace_seconds: Grace = 3.0
    cache: dict[ToolName, Seconds] = {}
    cache_shared: tuple[ToolName, ...] = ()
    allow: dict[ToolName, tuple[RoleName, ...]] | None = None


class EncryptionKey(Struct, frozen=True):
    """One key for what is stored, and the id under which stored values name it."""

    id: str
    key: Secret[bytes]


class Config(Struct, frozen=True, kw_only=True):
    """Everything an operator decided. A field is named after its variable, without `MCP_`."""

    # the port
    hosts: tuple[str, ...]
    port: int
    reuse_port: bool
    tls_cert: Path | None
    tls_key: Path | None
    allowed_origins: tuple[str, ...]
    allowed_hosts: tuple[str, ...]
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...]
    # who calls
    auth: Literal["required", "guest"]
    query_tokens: bool
    jwt_secrets: tuple[Secret[str], ...]
    jwks_url: str | None
    jwt_issuer: str | None
    jwt_audience: str | None
    api_keys_file: Path | None
    access: Access
    limits_on: bool
    limits: Limits
    # state
    state_dir: Path
    socket_path: Path
    redis_url: Secret[str] | None
    encryption_keys: tuple[EncryptionKey, ...]
    retention_days: int
    node_name: str | None
    # the shop and the services around it
    museo_api_url: str
    api_key: Secret[str] | None
    api_secret: Secret[str] | None
    is_dev_account: bool
    currency: str
    anthropic_api_key: Secret[str] | None
    anthropic_base_url: str | None
    groq_api_key: Secret[str] | None
    groq_base_url: str | None
    smtp_url: Secret[str] | None
    smtp_from: str | None
    twilio_account_sid: str | None
    twilio_auth_token: Secret[str] | None
    twilio_from: str | None
    twilio_base_url: str | None
    whatsapp_phone_id: str | None
    whatsapp_token: Secret[str] | None
    whatsapp_base_url: str | None
    # operation
    log_level: Literal["debug", "info", "warn", "error"]
    loki_host: str | None
    loki_port: int
    drain_seconds: float
    # the commands, as clients of a running daemon
    url: str | None
    token: Secret[str] | None

    children: tuple[ChildConfig, ...]

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine reaches the port."""
        return all(is_loopback_host(host) for host in self.hosts)

    def child(self, name: str) -> ChildConfig | None:
        """The child of this name."""
        return next((child for child in self.children if child.name == name), None)


def is_loopback_host(host: str) -> bool:
    """Whether `host`, a name or an address literal, means this very machine and nothing else."""
    if host.lower().rstrip(".") == "localhost":
        return True
    try:
        return ip_address(host.strip("[]").partition("%")[0]).is_loopback
    except ValueError:
        return False
