"""`python -m mcps.notifications`: the notifications server on stdin and stdout."""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, closing

import trio

from mcps.kit.server import run, serve
from mcps.notifications.consent import Consent
from mcps.notifications.keys import open_own_sealer
from mcps.notifications.mailbox import Mailbox
from mcps.notifications.outbox import Outbox
from mcps.notifications.provider import Channel, Provider
from mcps.notifications.report import Report
from mcps.notifications.sending import Postman
from mcps.notifications.settings import Settings, make_directory, read_settings
from mcps.notifications.smtp import Smtp
from mcps.notifications.tools import notification_tools
from mcps.notifications.twilio import open_twilio
from mcps.notifications.whatsapp import open_whatsapp
from mcps.notifications.worker import LEASE_SECONDS, Rules, open_worker
from museod import __version__
from museod.errors import ConfigError, Fault, StoreError

OUTBOX = "outbox.sqlite3"
REPORT = "outbox.json"


@asynccontextmanager
async def open_providers(settings: Settings) -> AsyncIterator[dict[Channel, Provider]]:
    """A way out for each channel: the provider that is configured, else the mailbox."""
    async with AsyncExitStack() as stack:
        mailbox = Mailbox(settings.mailbox, sender=settings.sender)
        providers: dict[Channel, Provider] = dict.fromkeys(Channel, mailbox)
        if settings.smtp is not None:
            providers[Channel.EMAIL] = Smtp(settings.smtp, sender=settings.sender)
        if settings.twilio is not None:
            providers[Channel.SMS] = await stack.enter_async_context(open_twilio(settings.twilio))
        if settings.whatsapp is not None:
            providers[Channel.WHATSAPP] = await stack.enter_async_context(open_whatsapp(settings.whatsapp))
        yield providers


def open_outbox(settings: Settings) -> Outbox:
    """
    The outbox in its directory. Blocks.

    Raises:
        ConfigError: the directory, the key or the file cannot be used.
    """
    make_directory(settings.directory)
    path = settings.directory / OUTBOX
    try:
        return Outbox(path, open_own_sealer(settings.directory, path), lease_seconds=LEASE_SECONDS)
    except StoreError as error:
        raise ConfigError([Fault(str(path), "outbox", str(error))]) from None


async def main() -> None:
    """Serve until stdin ends."""
    settings = read_settings(os.environ)
    outbox = await trio.to_thread.run_sync(open_outbox, settings)
    with closing(outbox):
        rules = Rules(Consent(settings.consent_file), settings.quiet)
        report = Report(settings.directory / REPORT)
        async with (
            open_providers(settings) as providers,
            open_worker(outbox, providers, rules, report) as worker,
        ):
            await serve("museo-notifications", __version__, notification_tools(Postman(worker)))


if __name__ == "__main__":
    sys.exit(run("notifications", main))
