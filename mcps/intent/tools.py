"""The tools of the intent server."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from msgspec import Struct, field

from mcps.intent.analysis import Analysis, Turn, analyze
from mcps.intent.intents import Intent
from mcps.intent.mapping import map_intent
from mcps.intent.suggestions import suggest
from mcps.kit.context import Context
from mcps.kit.tool import Reply, Tool, read_definitions, tool

DEFINITIONS = read_definitions(Path(__file__).with_name("tools.json"))


class ContextTurn(Struct):
    """One earlier message."""

    role: str
    content: str
    intent: str = ""


class AnalyzeArguments(Struct, rename="camel"):
    """What analyze_intent takes."""

    message: str
    locale: str = ""
    client_type: str = ""
    context: list[ContextTurn] = field(default_factory=list)


class ValidateArguments(Struct, rename="camel"):
    """What validate_mapping takes."""

    intent: Intent
    client_type: str
    entities: dict[str, Any] = field(default_factory=dict)


class SuggestArguments(Struct, rename="camel"):
    """What get_suggestions takes."""

    client_type: str
    message: str = ""
    last_intent: Intent | None = None
    locale: str = ""
    limit: int = 3


@tool(DEFINITIONS["analyze_intent"])
async def analyze_intent(arguments: AnalyzeArguments, context: Context) -> Reply:
    """Classify one message and read its entities."""
    found = analyze(
        arguments.message,
        locale=context.locale(arguments.locale),
        client_type=arguments.client_type or context.caller.client_type,
        context=[Turn(turn.role, turn.content, turn.intent) for turn in arguments.context],
    )
    return Reply(_structured(found), _text(found))


@tool(DEFINITIONS["validate_mapping"])
async def validate_mapping(arguments: ValidateArguments, _context: Context) -> Reply:
    """Whether an intent with entities can become a tool call for a kind of client."""
    mapped = map_intent(arguments.intent, arguments.entities, arguments.client_type)
    structured = {
        "valid": mapped.reason == "ok",
        "reason": mapped.reason,
        "tool": mapped.tool,
        "arguments": dict(mapped.arguments or {}),
        "missing": list(mapped.missing),
    }
    texts = {
        "ok": f"{arguments.intent.value} maps to {mapped.tool}.",
        "not_allowed_for_client": "That can only be done in the shop administration.",
        "missing_entities": f"{mapped.tool} still needs: {', '.join(mapped.missing)}.",
        "no_tool": f"{arguments.intent.value} needs no tool; answer it in words.",
    }
    return Reply(structured, texts[mapped.reason])


@tool(DEFINITIONS["get_suggestions"])
async def get_suggestions(arguments: SuggestArguments, _context: Context) -> Reply:
    """Quick replies for a half-typed message or after an intent."""
    found = suggest(
        client_type=arguments.client_type,
        message=arguments.message,
        last_intent=arguments.last_intent,
        limit=arguments.limit,
    )
    listed = [{"label": said.label, "message": said.message, "intent": said.intent.value} for said in found]
    return Reply({"suggestions": listed}, "You could say: " + " · ".join(said.message for said in found))


TOOLS: list[Tool] = [analyze_intent, validate_mapping, get_suggestions]


def _structured(found: Analysis) -> dict[str, Any]:
    structured = {
        "intent": found.intent.value,
        "confidence": found.confidence,
        "entities": dict(found.entities),
        "alternatives": [
            {"intent": intent.value, "confidence": score} for intent, score in found.alternatives
        ],
        "tool": found.tool,
        "arguments": dict(found.arguments),
        "missing": list(found.missing),
        "method": found.method,
        "language": found.language,
    }
    return structured | ({"reason": found.reason} if found.reason else {})


def _text(found: Analysis) -> str:
    if found.reason:
        return "This asks for something that can only be done in the shop administration."
    text = f"The message asks for {found.intent.value} (confidence {found.confidence:.2f})"
    if found.tool:
        text += f", which {found.tool} serves"
    if found.missing:
        text += f"; still missing: {', '.join(found.missing)}"
    return text + "."
