"""The command line."""

from __future__ import annotations

import argparse
import os
import sys
from functools import partial
from pathlib import Path

import trio

from museod.app.running import serve
from museod.config import Config, load_config
from museod.errors import ConfigError, StoreError
from museod.transports.listening import PortBusy


def main() -> None:
    parser = argparse.ArgumentParser("museod")
    parser.add_argument("command", nargs="?", default="serve")
    parser.add_argument("--config", type=Path)
    parser.add_argument("--mcp-config", type=Path)
    parser.add_argument("--host")
    parser.add_argument("--port", type=int)
    args = parser.parse_args()

    def load() -> Config:
        config, _ = load_config(
            os.environ,
            config_file=args.config,
            mcp_config=args.mcp_config,
            overrides={"host": args.host, "port": args.port},
        )
        return config

    try:
        config = load()
        trio.run(
            partial(serve, config, load=load, on_listening=lambda a: print("listening", a, file=sys.stderr))
        )
    except ConfigError as error:
        print(error, file=sys.stderr)
        sys.exit(78)
    except (PortBusy, StoreError) as error:
        print(error, file=sys.stderr)
        sys.exit(1)
