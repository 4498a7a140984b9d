"""Configuration to the parts that want a piece of it."""

from __future__ import annotations

import trio

from museod.access.apikeys import ApiKeys, read_api_keys
from museod.access.jwks import RemoteKeys
from museod.access.principal import Principal, Role
from museod.access.tokens import KeySource, SharedSecrets, TokenReader
from museod.config import ChildConfig, Config
from museod.gateway.policy import EVERY_TOOL, ChildPolicy
from museod.stores.opening import open_sealer
from museod.stores.sealing import Sealer
from museod.supervisor.spec import Backoff, ChildSpec, Intensity, Restart

GUEST_KEY = "guest tokens"


def specs_of(config: Config) -> list[ChildSpec]:
    """The supervisor's side of the children."""
    return [_spec_of(child) for child in config.children]


def _spec_of(child: ChildConfig) -> ChildSpec:
    return ChildSpec(
        name=child.name,
        command=child.command,
        env=child.environment,
        cwd=child.cwd,
        instances=child.instances,
        restart=Restart(child.restart),
        backoff=Backoff(
            child.backoff.initial_seconds,
            child.backoff.max_seconds,
            child.backoff.factor,
            child.backoff.jitter,
        ),
        intensity=Intensity(child.intensity.restarts, child.intensity.within_seconds),
        significant=child.significant,
        start_timeout_seconds=child.start_timeout_seconds,
        stop_grace_seconds=child.stop_grace_seconds,
        term_grace_seconds=child.term_grace_seconds,
    )


def policies_of(config: Config, *, is_local: bool) -> list[ChildPolicy]:
    """The gateway's side of the children."""
    return [_policy_of(child, is_local) for child in config.children]


def _policy_of(child: ChildConfig, is_local: bool) -> ChildPolicy:
    if child.allow is not None:
        allow = {tool: frozenset(map(Role, roles)) for tool, roles in child.allow.items()}
    else:
        allow = {EVERY_TOOL: frozenset(Role) if is_local else frozenset({Role.ADMIN, Role.SERVICE})}
    return ChildPolicy(
        child=child.name,
        allow=allow,
        prefix=child.prefix,
        identity=child.identity,
        era=child.era,
        interactive=child.interactive,
        call_timeout=child.call_timeout_seconds,
        call_timeouts=child.call_timeouts,
        cache=child.cache,
        cache_shared=frozenset(child.cache_shared),
    )


def remote_keys(config: Config) -> RemoteKeys | None:
    """The keys of the identity provider, if one is configured; they must be fetched."""
    return None if config.jwks_url is None else RemoteKeys(config.jwks_url)


def token_reader(config: Config, sealer: Sealer, remote: RemoteKeys | None = None) -> TokenReader:
    """
    Whose tokens we take.

    Raises:
        ConfigError: the file of API keys is not usable.
    """
    api_keys = None
    if config.api_keys_file is not None:
        api_keys = ApiKeys(read_api_keys(config.api_keys_file), sealer.derive_all("api keys"))
    secrets_known = [secret.reveal() for secret in config.jwt_secrets]
    sources: list[KeySource] = [SharedSecrets(secrets_known)] if secrets_known else []
    if remote is not None:
        sources.append(remote)
    return TokenReader(
        sources,
        guest_keys=sealer.derive_all(GUEST_KEY),
        api_keys=api_keys,
        issuer=config.jwt_issuer,
        audience=config.jwt_audience,
    )


def caller_of_token(config: Config, token: str) -> Principal:
    """
    Whom a token speaks for, without a running daemon and outside Trio; asks the identity provider, if any.

    Raises:
        Unauthenticated: it does not hold.
        ConfigError: as `token_reader`.
    """
    sealer = open_sealer(None, config.state_dir, sealing_keys(config))
    remote = remote_keys(config)
    if remote is not None:
        trio.run(remote.refresh)
    return token_reader(config, sealer, remote).read(token)


def sealing_keys(config: Config) -> list[tuple[str, bytes]]:
    """The configured keys for what is stored, newest first."""
    return [(key.id, key.key.reveal()) for key in config.encryption_keys]
