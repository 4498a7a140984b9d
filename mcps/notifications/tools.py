"""The tools of the notifications server: each turns its arguments into letters."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import msgspec
from msgspec import Struct, field

from mcps.kit.context import Context
from mcps.kit.tool import Reply, Tool, read_definitions, tool
from mcps.notifications.addresses import checked_address, checked_number, comparable
from mcps.notifications.consent import Purpose
from mcps.notifications.markup import html_of, text_of
from mcps.notifications.provider import Channel, Letter
from mcps.notifications.segments import MAX_SEGMENTS, count_segments
from mcps.notifications.sending import MAX_BODY, Postman, Wish
from mcps.notifications.templates import TEMPLATES, Filled, fill
from mcps.notifications.whatsapp import MAX_TEXT
from museod.errors import InvalidArguments

DEFINITIONS = read_definitions(Path(__file__).with_name("tools.json"))

# A line break in a subject would be a header; in a body the other controls only hide something.
_NOT_IN_A_LINE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_NOT_IN_A_TEXT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")

Variables = dict[str, str | int | float]


class _Arguments(Struct, rename="camel", kw_only=True):
    """What all three take."""

    idempotency_key: str
    template: str = ""
    variables: Variables = field(default_factory=dict)
    body: str = ""
    locale: str = ""


class EmailArguments(_Arguments, rename="camel", kw_only=True):
    """What send_email takes."""

    to: list[str]
    subject: str
    html: bool = False


class SmsArguments(_Arguments, rename="camel", kw_only=True):
    """What send_sms takes."""

    to: str


class WhatsAppArguments(SmsArguments, rename="camel", kw_only=True):
    """What send_whatsapp takes."""

    within_session: bool = False


def notification_tools(postman: Postman) -> list[Tool]:
    """The tools, sending by `postman`."""

    @tool(DEFINITIONS["send_email"])
    async def send_email(arguments: EmailArguments, context: Context) -> Reply:
        locale = context.locale(arguments.locale)
        filled = _filled(arguments, locale)
        people: dict[str, str] = {}
        for place, address in enumerate(arguments.to):
            checked = checked_address(address, f"to.{place}")
            # Each person once, however often and in whatever spelling it is named.
            people.setdefault(comparable(Channel.EMAIL, checked), checked)
        if _NOT_IN_A_LINE.search(arguments.subject) or not arguments.subject.strip():
            raise InvalidArguments(
                "subject: it is empty or holds a line break or a control character. Send one line of text."
            )
        text, html = _mail_texts(arguments, filled)
        letters = [
            Letter(
                Channel.EMAIL,
                address,
                filled.language if filled else locale,
                text,
                subject=arguments.subject,
                html=html,
                is_promotional=filled is not None and filled.purpose is Purpose.PROMOTIONAL,
            )
            for address in people.values()
        ]
        return await postman.send(_wish("send_email", Channel.EMAIL, letters, arguments, filled), context)

    @tool(DEFINITIONS["send_sms"])
    async def send_sms(arguments: SmsArguments, context: Context) -> Reply:
        locale = context.locale(arguments.locale)
        filled = _filled(arguments, locale)
        text = filled.short if filled else arguments.body
        if count_segments(text) > MAX_SEGMENTS:
            raise InvalidArguments(
                "body: too long for an SMS (max 1530 characters; 670 with characters that are not in its "
                "alphabet). Shorten it."
            )
        number = checked_number(arguments.to, "to")
        letter = Letter(Channel.SMS, number, filled.language if filled else locale, text)
        return await postman.send(_wish("send_sms", Channel.SMS, [letter], arguments, filled), context)

    @tool(DEFINITIONS["send_whatsapp"])
    async def send_whatsapp(arguments: WhatsAppArguments, context: Context) -> Reply:
        locale = context.locale(arguments.locale)
        filled = _filled(arguments, locale)
        if filled is None and not arguments.within_session:
            raise InvalidArguments(
                "template: WhatsApp only allows approved templates now; choose one: "
                f"{', '.join(TEMPLATES)}. Free text needs withinSession, within 24 hours of the person's "
                "last message."
            )
        text = filled.short if filled else arguments.body
        if len(text) > MAX_TEXT:
            raise InvalidArguments(f"body: WhatsApp takes {MAX_TEXT} characters at most. Shorten it.")
        number = checked_number(arguments.to, "to")
        letter = Letter(Channel.WHATSAPP, number, filled.language if filled else locale, text)
        if filled is not None and not arguments.within_session:
            # Meta tells regions of a language apart, so the region that was asked for is kept.
            region = locale if locale.partition("-")[0].lower() == filled.language else filled.language
            letter = msgspec.structs.replace(
                letter, locale=region, template=filled.name, parameters=filled.parameters
            )
        return await postman.send(
            _wish("send_whatsapp", Channel.WHATSAPP, [letter], arguments, filled), context
        )

    return [send_email, send_sms, send_whatsapp]


def _filled(arguments: _Arguments, locale: str) -> Filled | None:
    """The template in place of a body, or None for a body that is there and clean."""
    if arguments.template and arguments.body:
        raise InvalidArguments("body: give a template or a body, not both.")
    if arguments.template:
        _check_variables(arguments.variables)
        return fill(arguments.template, arguments.variables, locale)
    if not arguments.body.strip():
        raise InvalidArguments("body: it is missing. Give the text, or a template with its variables.")
    if arguments.variables:
        raise InvalidArguments("variables: they belong to a template; leave them out, or name the template.")
    if _NOT_IN_A_TEXT.search(arguments.body):
        raise InvalidArguments("body: it holds control characters or half characters. Send plain text.")
    return None


def _check_variables(variables: Mapping[str, str | int | float]) -> None:
    for name, value in variables.items():
        if isinstance(value, str) and _NOT_IN_A_TEXT.search(value):
            raise InvalidArguments(f"variables: {name[:40]} holds control characters. Send plain text.")


def _mail_texts(arguments: EmailArguments, filled: Filled | None) -> tuple[str, str]:
    """A mail as plain text and as HTML; the latter empty for plain text of the caller's own."""
    if filled is not None:
        return filled.text, html_of(filled.text)
    if not arguments.html:
        return arguments.body, ""
    text = text_of(arguments.body)[:MAX_BODY]
    if not text:
        raise InvalidArguments("body: there is nothing to read in this HTML. Give it some text.")
    return text, arguments.body


def _wish(
    name: str, channel: Channel, letters: list[Letter], arguments: _Arguments, filled: Filled | None
) -> Wish:
    # The same template with the same variables tells the same thing; a free text is its own event.
    event = "\0".join((filled.name, *filled.parameters)) if filled else ""
    return Wish(
        name,
        channel,
        letters,
        filled.purpose if filled else Purpose.PERSONAL,
        arguments.idempotency_key,
        arguments,
        event,
    )
