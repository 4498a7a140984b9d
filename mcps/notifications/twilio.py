"""SMS by Twilio's REST API: a form with Basic authentication, and a look at its list before a repetition."""

from __future__ import annotations

import base64
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from urllib.parse import quote, urlencode

import msgspec
from msgspec import Struct

from mcps.notifications.provider import Handover, NotSent, Pace, Verdict
from mcps.notifications.rest import Answer, AnswerLost, NotReached, Rest, open_rest
from museod.errors import ConfigError, Fault

BASE_URL = "https://api.twilio.com"
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}
# Sender: a number, a short code, a messaging service, or a name of up to 11 letters and digits.
_SENDER = re.compile(r"\+[1-9][0-9]{6,14}|[0-9]{3,8}|MG[0-9a-f]{32}|(?=.*[A-Za-z])[A-Za-z0-9 &_+-]{1,11}")
_ACCOUNT = re.compile(r"[A-Za-z0-9]{1,64}")
_UNSUBSCRIBED = 21610  # the person answered STOP
_TOO_MANY = frozenset({20429, 14107, 21611})  # requests, messages, or a full queue of this sender
_CLOCK_SECONDS = 5.0  # how far their clock may be behind ours
_PAGE = 50  # messages to one person since ours was accepted; far fewer


class _Problem(Struct):
    code: int = 0


class _Message(Struct):
    sid: str = ""
    to: str = ""
    body: str = ""
    status: str = ""
    date_created: str = ""


class _Page(Struct):
    messages: list[_Message] = []


@dataclass(frozen=True, slots=True)
class TwilioAccount:
    """Whose messages they are; `sender` is a number, a name, or a messaging service's id."""

    sid: str
    token: str
    sender: str
    base_url: str = BASE_URL


class Twilio:
    """One account; see `open_twilio`."""

    name = "twilio"
    # The API takes a hundred a second and queues them; a shop's single messages need no more than this.
    pace = Pace(per_second=10.0, burst=10, concurrency=4)
    max_unknown = 1_000  # each repetition looks at Twilio's own list first

    def __init__(self, rest: Rest, account: TwilioAccount) -> None:
        self._rest = rest
        self._sender = account.sender
        self._path = f"/2010-04-01/Accounts/{account.sid}/Messages.json"

    async def send(self, handover: Handover) -> str:
        """Send one SMS and return its sid; after a lost answer, first look whether it was sent."""
        letter = handover.letter
        if handover.is_repeat and (sid := await self._find(handover)):
            return sid
        fields = {"To": letter.address, "Body": letter.body}
        fields["MessagingServiceSid" if self._sender.startswith("MG") else "From"] = self._sender
        try:
            answer = await self._rest.request(
                "POST", self._path, content=urlencode(fields).encode(), headers=_FORM
            )
        except NotReached as error:
            raise NotSent(Verdict.AWAY, str(error)) from None
        except AnswerLost as error:
            raise NotSent(Verdict.AWAY, str(error), maybe_sent=True) from None
        return _sid(answer)

    async def _find(self, handover: Handover) -> str:
        """The sid of this very message, if an earlier attempt brought it to Twilio."""
        letter = handover.letter
        path = f"{self._path}?To={quote(letter.address, safe='')}&PageSize={_PAGE}"
        try:
            answer = await self._rest.request("GET", path)
        except (NotReached, AnswerLost) as error:
            raise NotSent(Verdict.AWAY, f"list: {error}") from None
        if answer.status != 200:
            raise NotSent(Verdict.AWAY, f"list: status {answer.status}", retry_after=answer.retry_after)
        try:
            page = msgspec.json.decode(answer.body, type=_Page)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise NotSent(Verdict.AWAY, "list: garbage") from None
        since = handover.accepted_at - _CLOCK_SECONDS
        for message in page.messages:
            is_same = message.to == letter.address and message.body == letter.body
            if is_same and message.status != "failed" and _created(message) >= since:
                return message.sid
        return ""


def _created(message: _Message) -> float:
    try:
        return parsedate_to_datetime(message.date_created).timestamp()
    except ValueError:
        return float("inf")  # a message without a date is taken for ours: rather none than two


def _sid(answer: Answer) -> str:
    """
    The sid that an answer brings.

    Raises:
        NotSent: it brings none.
    """
    status = answer.status
    try:
        if 200 <= status < 300:
            return msgspec.json.decode(answer.body, type=_Message).sid
        code = msgspec.json.decode(answer.body, type=_Problem).code
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        if 200 <= status < 300:  # taken, as the status says; its name is all that is lost
            return ""
        code = 0
    reason = f"status {status}" + (f", code {code}" if code else "")
    if status == 429 or code in _TOO_MANY:
        raise NotSent(Verdict.AWAY, reason, retry_after=answer.retry_after)
    if status >= 500 or status == 408:
        raise NotSent(Verdict.AWAY, reason, retry_after=answer.retry_after, maybe_sent=True)
    if code == _UNSUBSCRIBED:
        raise NotSent(Verdict.UNWANTED, reason)
    if status in (401, 403, 404) or status < 400:  # our account or address, not this message
        raise NotSent(Verdict.AWAY, reason)
    raise NotSent(Verdict.REFUSED, reason)


@asynccontextmanager
async def open_twilio(account: TwilioAccount) -> AsyncIterator[Twilio]:
    """
    Connections to one account.

    Raises:
        ConfigError: its id, sender or address cannot be used.
    """
    faults = []
    if not _ACCOUNT.fullmatch(account.sid):
        faults.append(Fault("environment", "MCP_TWILIO_ACCOUNT_SID", "write the id as the console shows it"))
    if not _SENDER.fullmatch(account.sender):
        remedy = "write a number as +49301234567, a messaging service's id (MG…), or a name of 11 letters"
        faults.append(Fault("environment", "MCP_TWILIO_FROM", remedy))
    if faults:
        raise ConfigError(faults)
    login = base64.b64encode(f"{account.sid}:{account.token}".encode()).decode("ascii")
    async with open_rest(
        account.base_url, variable="MCP_TWILIO_BASE_URL", authorization=f"Basic {login}"
    ) as rest:
        yield Twilio(rest, account)
