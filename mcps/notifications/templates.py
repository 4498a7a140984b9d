"""
Named messages in eight languages, filled with the caller's variables.

The wording is data (`locales/*.toml`): `text` for mail, `short` for telephones. For WhatsApp the provider
holds approved templates of the same names; it gets the variables in the order given here.
"""

from __future__ import annotations

import re
import string
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from mcps.notifications.consent import Purpose
from museod.errors import InvalidArguments

LANGUAGES = ("en", "de", "es", "fr", "it", "pt", "tr", "vi")
# What is filled in may be long as a list of products is; a whole letter in one variable is a mistake.
MAX_VARIABLE = 500

_BLANKS = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Template:
    """A named message: why it is sent, and what it has to be told, in order."""

    purpose: Purpose
    variables: tuple[str, ...]


TEMPLATES: Mapping[str, Template] = {
    "order_confirmed": Template(Purpose.TRANSACTIONAL, ("name", "order", "total", "link")),
    "order_shipped": Template(Purpose.TRANSACTIONAL, ("name", "order", "link")),
    "payment_link": Template(Purpose.TRANSACTIONAL, ("name", "order", "link")),
    # The alert that it answers could only be set up with the person's consent.
    "back_in_stock": Template(Purpose.PERSONAL, ("name", "product", "link")),
    "basket_reminder": Template(Purpose.PROMOTIONAL, ("name", "items", "link")),
}


@dataclass(frozen=True, slots=True)
class Filled:
    """A template with its variables in place; `parameters` are the variables in their order."""

    name: str
    purpose: Purpose
    language: str
    text: str
    short: str
    parameters: tuple[str, ...]


def fill(name: str, variables: Mapping[str, str | int | float], locale: str) -> Filled:
    """
    The template in the language of `locale`, English where we have no other.

    Raises:
        InvalidArguments: no template of that name, or a variable is missing, unknown or too long.
    """
    template = TEMPLATES.get(name)
    if template is None:
        raise InvalidArguments(f"template: there is none of this name. There are: {', '.join(TEMPLATES)}.")
    if missing := [variable for variable in template.variables if variable not in variables]:
        raise InvalidArguments(f"variables: {', '.join(missing)} is missing; the template needs it.")
    if odd := [variable[:40] for variable in variables if variable not in template.variables]:
        known = ", ".join(template.variables)
        raise InvalidArguments(f"variables: {name} has no {', '.join(odd[:5])}; it takes {known}.")
    values = {variable: _value(variable, variables[variable]) for variable in template.variables}
    language = language_of(locale)
    wording = _wording(language)[name]
    return Filled(
        name,
        template.purpose,
        language,
        string.Template(wording["text"]).substitute(values),
        string.Template(wording["short"]).substitute(values),
        tuple(values.values()),
    )


def language_of(locale: str) -> str:
    """The language of ours that serves a BCP 47 tag."""
    language = locale.partition("-")[0].lower()
    return language if language in LANGUAGES else LANGUAGES[0]


def _value(variable: str, value: str | int | float) -> str:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    # On one line: WhatsApp refuses parameters with line breaks, and a paragraph in a variable can pretend to
    # be a message of its own.
    text = _BLANKS.sub(" ", str(value)).strip()
    if not text:
        raise InvalidArguments(f"variables: {variable} is empty; give it a text.")
    if len(text) > MAX_VARIABLE:
        raise InvalidArguments(f"variables: {variable} has over {MAX_VARIABLE} characters; shorten it.")
    return text


@cache
def _wording(language: str) -> Mapping[str, Mapping[str, str]]:
    content = (files("mcps.notifications") / "locales" / f"{language}.toml").read_text("utf-8")
    return tomllib.loads(content)
