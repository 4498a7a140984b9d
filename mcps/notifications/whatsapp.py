"""WhatsApp messages by Meta's Cloud API: an approved template, or free text within a conversation."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import msgspec
from msgspec import Struct

from mcps.notifications.provider import Handover, Letter, NotSent, Pace, Verdict
from mcps.notifications.rest import Answer, AnswerLost, NotReached, Rest, open_rest
from museod.errors import ConfigError, Fault

BASE_URL = "https://graph.facebook.com"
VERSION = "v23.0"  # of the Graph API; a base URL that ends in a version replaces it
MAX_TEXT = 4096  # characters of a session message

# Meta names languages in its own way, and has no plain "pt".
_LANGUAGES = {"pt": "pt_PT", "pt-br": "pt_BR", "pt-pt": "pt_PT", "en-gb": "en_GB", "en-us": "en_US"}
_NUMBER_ID = re.compile(r"[0-9]{1,32}")
_VERSIONED = re.compile(r"/v[0-9]{1,3}\.[0-9]$")
# Meta asks to judge by the code, not by the status or the text.
_SLOW_DOWN = frozenset({4, 80007, 130429, 133016})
_THIS_PERSON_LATER = frozenset(
    {131056, 131049}
)  # too many to one person; not delivered "for a healthy ecosystem"
_SERVICE_DOWN = frozenset({1, 2, 131000, 131016, 131057, 133004})
_OUR_ACCOUNT = frozenset({0, 3, 10, 33, 190, 368, 131005, 131031, 131042, 131045, 131048, 133010})
_UNWANTED = frozenset({131050})  # the person wants no advertising by this sender


class _Fault(Struct):
    code: int = -1


class _Problem(Struct):
    error: _Fault = msgspec.field(default_factory=_Fault)


class _Sent(Struct):
    id: str = ""


class _Reply(Struct):
    messages: list[_Sent] = []


@dataclass(frozen=True, slots=True)
class WhatsAppAccount:
    """The number that messages come from."""

    phone_id: str
    token: str
    base_url: str = BASE_URL


class WhatsApp:
    """One number; see `open_whatsapp`."""

    name = "whatsapp"
    pace = Pace(per_second=20.0, burst=20, concurrency=4)  # Meta allows 80 a second and number
    # There is no key and no list that would show whether a message was taken, so nobody gets more than three.
    max_unknown = 3

    def __init__(self, rest: Rest, account: WhatsAppAccount) -> None:
        self._rest = rest
        version = "" if _VERSIONED.search(account.base_url.rstrip("/")) else f"/{VERSION}"
        self._path = f"{version}/{account.phone_id}/messages"

    async def send(self, handover: Handover) -> str:
        """Send one message and return Meta's id of it."""
        content = msgspec.json.encode(payload(handover.letter))
        try:
            answer = await self._rest.request(
                "POST", self._path, content=content, headers={"Content-Type": "application/json"}
            )
        except NotReached as error:
            raise NotSent(Verdict.AWAY, str(error)) from None
        except AnswerLost as error:
            raise NotSent(Verdict.AWAY, str(error), maybe_sent=True) from None
        return _message_id(answer)


def payload(letter: Letter) -> dict[str, Any]:
    """The body of the request that sends a letter."""
    message: dict[str, Any] = {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": letter.address.lstrip("+"),
    }
    if not letter.template:
        return {**message, "type": "text", "text": {"preview_url": False, "body": letter.body}}
    template: dict[str, Any] = {
        "name": letter.template,
        "language": {"code": _LANGUAGES.get(letter.locale.lower(), letter.locale.partition("-")[0])},
    }
    if letter.parameters:
        parameters = [{"type": "text", "text": text} for text in letter.parameters]
        template["components"] = [{"type": "body", "parameters": parameters}]
    return {**message, "type": "template", "template": template}


def _message_id(answer: Answer) -> str:
    """
    The id that an answer brings.

    Raises:
        NotSent: it brings none.
    """
    status = answer.status
    try:
        if 200 <= status < 300:
            sent = msgspec.json.decode(answer.body, type=_Reply).messages
            return sent[0].id if sent else ""
        code = msgspec.json.decode(answer.body, type=_Problem).error.code
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        if 200 <= status < 300:  # taken, as the status says; its name is all that is lost
            return ""
        code = -1
    reason = f"status {status}" + (f", code {code}" if code >= 0 else "")
    if status == 429 or code in _SLOW_DOWN:
        raise NotSent(Verdict.AWAY, reason, retry_after=answer.retry_after)
    if code in _THIS_PERSON_LATER:
        raise NotSent(Verdict.LATER, reason, retry_after=answer.retry_after)
    if code in _UNWANTED:
        raise NotSent(Verdict.UNWANTED, reason)
    is_ours = code in _OUR_ACCOUNT or 200 <= code < 300 or (code < 0 and status in (401, 403, 404))
    if code in _SERVICE_DOWN or is_ours or status < 400:
        raise NotSent(Verdict.AWAY, reason, retry_after=answer.retry_after)
    if status in (502, 503):  # a proxy that could not hand it on
        raise NotSent(Verdict.AWAY, reason, retry_after=answer.retry_after)
    if status >= 500 or status == 408:
        raise NotSent(Verdict.AWAY, reason, retry_after=answer.retry_after, maybe_sent=True)
    raise NotSent(Verdict.REFUSED, reason)


@asynccontextmanager
async def open_whatsapp(account: WhatsAppAccount) -> AsyncIterator[WhatsApp]:
    """
    Connections for one number.

    Raises:
        ConfigError: its id, token or address cannot be used.
    """
    if not _NUMBER_ID.fullmatch(account.phone_id):
        remedy = "write the phone number id (digits), as the app's dashboard shows it"
        raise ConfigError([Fault("environment", "MCP_WHATSAPP_PHONE_ID", remedy)])
    if not re.fullmatch(r"[\x21-\x7e]+", account.token):
        raise ConfigError([Fault("environment", "MCP_WHATSAPP_TOKEN", "it holds blanks; copy it again")])
    async with open_rest(
        account.base_url, variable="MCP_WHATSAPP_BASE_URL", authorization=f"Bearer {account.token}"
    ) as rest:
        yield WhatsApp(rest, account)
