"""`museod check`: the configuration is read, and everything that it names is reached once."""

from __future__ import annotations

import argparse
import base64
import json
import os
import urllib.error
import urllib.request

import trio

from museod.app.running import open_daemon, running
from museod.app.wiring import specs_of
from museod.cli.output import say, show, show_json
from museod.config import Config, describe, load_config
from museod.front.dependencies import probe

EXIT_FAILED = 1
TOKEN_SECONDS = 5.0


def check(args: argparse.Namespace) -> int:
    """One line for each thing; 0 when all are well, 1 when one is not, 78 for the configuration itself."""
    config, warnings = load_config(
        os.environ,
        config_file=args.config,
        mcp_config=args.mcp_config,
        overrides={},
        strict=args.strict,
    )
    if args.prints:
        show_json(describe(config))
    for warning in warnings:
        say(f"warning: {warning}")
    show("configuration: ok")
    is_well = trio.run(_reach, config)
    return 0 if is_well else EXIT_FAILED


async def _reach(config: Config) -> bool:
    is_well = True
    if any("MCP_MUSEO_API_URL" in child.environment for child in config.children):
        is_well = await _reach_shop(config)
    async with open_daemon(config, is_stdio=True) as daemon, trio.open_nursery() as nursery:
        async with running(daemon, specs_of(config), nursery) as supervisor:
            for name, status in supervisor.status().items():
                child = daemon.children[name]
                if child.upstreams:
                    revision = child.upstreams[0].revision
                    show(f"child {name}: ok, {len(child.tools)} tools, MCP {revision}")
                else:
                    show(f"child {name}: {status.state.value}, {status.reason or 'no reason given'}")
                    is_well = False
            jwks = daemon.dependencies.status().get("jwks")
            if jwks is not None:
                show(f"jwks {config.jwks_url}: {jwks['state']}")
                is_well = is_well and jwks["state"] == "up"
            for refusal in daemon.router.catalogue.refusals:
                show(f"tool {refusal.tool} of {refusal.child}: {refusal.reason}")
        nursery.cancel_scope.cancel()
    return is_well


async def _reach_shop(config: Config) -> bool:
    state = await probe(config.museo_api_url)
    show(f"museo_api {config.museo_api_url}: {state}")
    if state != "up":
        return False
    if config.api_key is None or config.api_secret is None:
        show("museo_api account: MCP_API_KEY and MCP_API_SECRET are not set")
        return False
    fault = await trio.to_thread.run_sync(_token_fault, config)
    show(f"museo_api account: {fault or 'ok'}")
    return fault is None


def _token_fault(config: Config) -> str | None:
    """Why the service account gets no token, or None."""
    assert config.api_key is not None and config.api_secret is not None  # noqa: S101, PT018
    account = f"{config.api_key.reveal()}:{config.api_secret.reveal()}"
    request = urllib.request.Request(  # noqa: S310 - an http(s) URL by the configuration's rules
        f"{config.museo_api_url.rstrip('/')}/api/v1/auth/token",
        data=b"grant_type=client_credentials",
        headers={"Authorization": f"Basic {base64.b64encode(account.encode()).decode()}"},
    )
    try:
        with urllib.request.urlopen(request, timeout=TOKEN_SECONDS) as response:  # noqa: S310
            return None if "access_token" in json.load(response) else "the answer holds no token"
    except urllib.error.HTTPError as error:
        return f"refused with status {error.code}; check MCP_API_KEY and MCP_API_SECRET"
    except (OSError, ValueError) as error:
        return f"no usable answer: {error}"
