"""
One message's analysis: the intent that the patterns see, the guess where they see none, and its entities.

The layers stand in a row: `patterns` judges by rules, `fallback` guesses from the kind of words. A further
judge belongs between the two, for messages on which the first is not sure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from mcps.intent.entities import read_entities
from mcps.intent.grammar import Grammar, grammar_for
from mcps.intent.intents import ADMIN_CLIENT, Intent, may_mean
from mcps.intent.mapping import map_intent
from mcps.intent.utterance import Utterance, read
from mcps.kit.query.terms import read_terms

# Two readings this close are a toss-up, and the winner is made that much less sure of itself.
TOSS_UP = 0.02
TOSS_UP_COST = 0.1
MAX_ALTERNATIVES = 3
MIN_ALTERNATIVE = 0.3
SURE_ENOUGH = 0.6  # from here on a rule decides; below it the guess may know better
BARE_NAME = 0.62  # "red nail polish": nothing but goods, so most likely a search for them
GOODS_AMONG_OTHERS = 0.45  # goods are named, but nobody knows to what end
NO_IDEA = 0.3
MAX_NAME_WORDS = 5


@dataclass(frozen=True, slots=True)
class Turn:
    """An earlier message of the conversation; `intent` where it was found out then."""

    role: str
    content: str
    intent: str = ""


@dataclass(frozen=True, slots=True)
class Analysis:
    """What a message asks for. `reason` is set when the shopper's client can't mean what was said."""

    intent: Intent
    confidence: float
    entities: Mapping[str, Any]
    alternatives: Sequence[tuple[Intent, float]]
    tool: str | None
    arguments: Mapping[str, Any]
    missing: Sequence[str]
    method: Literal["pattern", "fallback"]
    language: str
    reason: str = ""


@dataclass(slots=True)
class _Scores:
    """The best confidence per intent, and the tool that the rule behind it names."""

    best: dict[Intent, tuple[float, str | None]] = field(default_factory=dict)

    def note(self, intent: Intent, confidence: float, tool: str | None) -> None:
        if confidence > self.best.get(intent, (0.0, None))[0]:
            self.best[intent] = (confidence, tool)

    def ranked(self) -> list[tuple[Intent, float]]:
        """Intents by confidence, the highest first; equal ones in the order of their rules."""
        return sorted(
            ((intent, score) for intent, (score, _) in self.best.items()), key=lambda pair: -pair[1]
        )


def analyze(
    message: str, *, locale: str = "en", client_type: str = "", context: Sequence[Turn] = ()
) -> Analysis:
    """What `message` asks for, after the turns in `context`."""
    grammar = grammar_for(locale)
    utterance = read(message, grammar)
    scores = _score(utterance, grammar, client_type, _last_intent(context, grammar, client_type))
    allowed = [pair for pair in scores.ranked() if may_mean(pair[0], client_type)]
    refused = next((pair for pair in scores.ranked()[:1] if not may_mean(pair[0], client_type)), None)
    method: Literal["pattern", "fallback"] = "pattern"
    if refused is not None and (not allowed or allowed[0][1] < refused[1] - 2 * TOSS_UP_COST):
        allowed = [(Intent.OTHER, refused[1]), *(pair for pair in allowed if pair[0] is not Intent.OTHER)]
    elif not allowed or allowed[0][1] < SURE_ENOUGH:
        refused = None
        guess, confidence, method = _guess(utterance, grammar)
        if not allowed or allowed[0][1] < confidence:
            allowed = [(guess, confidence), *(pair for pair in allowed if pair[0] is not guess)]
        else:
            method = "pattern"
    else:
        refused = None
    return _finished(message, utterance, grammar, client_type, allowed, scores, method, refused is not None)


def _finished(
    message: str,
    utterance: Utterance,
    grammar: Grammar,
    client_type: str,
    ranked: Sequence[tuple[Intent, float]],
    scores: _Scores,
    method: Literal["pattern", "fallback"],
    is_refused: bool,
) -> Analysis:
    (intent, confidence), *others = ranked
    if others and confidence - others[0][1] < TOSS_UP:
        confidence -= TOSS_UP_COST
    entities = read_entities(utterance, intent, grammar)
    tool = scores.best.get(intent, (0.0, None))[1]
    mapped = map_intent(intent, entities, client_type, tool=tool, message=message)
    return Analysis(
        intent=intent,
        confidence=round(confidence, 2),
        entities=entities,
        alternatives=[
            (other, round(score, 2)) for other, score in others[:MAX_ALTERNATIVES] if score >= MIN_ALTERNATIVE
        ],
        tool=mapped.tool,
        arguments=mapped.arguments or {},
        missing=mapped.missing,
        method=method,
        language=grammar.language,
        reason="not_allowed_for_client" if is_refused else "",
    )


def _score(utterance: Utterance, grammar: Grammar, client_type: str, last: Intent | None) -> _Scores:
    scores = _Scores()
    text = utterance.core or utterance.text
    marked = _marked_options(text, grammar)
    for rule in grammar.rules:
        if rule.is_for_staff and client_type != ADMIN_CLIENT:
            continue
        if rule.after and last not in rule.after:
            continue
        if rule.search.search(marked if rule.after else text):
            scores.note(rule.intent, rule.confidence, rule.tool)
    # A courtesy counts when it is all there is, or when what follows it says nothing.
    if not scores.best and utterance.core != utterance.text:
        for rule in grammar.rules:
            if not rule.after and rule.search.search(utterance.text):
                scores.note(rule.intent, rule.confidence - TOSS_UP_COST, rule.tool)
    return scores


def _marked_options(text: str, grammar: Grammar) -> str:
    """`text` with colours, sizes and storage as `§option`, for rules about answers."""
    terms = read_terms(text, grammar.lexicon)
    if not terms.attributes:
        return text
    rest = set(terms.words.split())
    names = set(terms.names.split())
    return " ".join("§option" if word in names - rest else word for word in text.split())


def _last_intent(context: Sequence[Turn], grammar: Grammar, client_type: str) -> Intent | None:
    """What the user wanted last; earlier courtesies do not change the subject."""
    for turn in reversed(context):
        if turn.role != "user":
            continue
        if turn.intent in set(Intent):
            intent = Intent(turn.intent)
        else:
            ranked = _score(read(turn.content, grammar), grammar, client_type, None).ranked()
            intent = ranked[0][0] if ranked else _guess(read(turn.content, grammar), grammar)[0]
        if intent not in (Intent.THANKS, Intent.GREETING, Intent.OTHER):
            return intent
    return None


def _guess(utterance: Utterance, grammar: Grammar) -> tuple[Intent, float, Literal["pattern", "fallback"]]:
    """What a message that no rule knows is most likely about."""
    words = utterance.words
    goods = any(word in grammar.nouns for word in words)
    terms = read_terms(utterance.core, grammar.lexicon)
    names_goods = goods or bool(terms.brands) or bool(terms.attributes) or bool(utterance.sku)
    is_name = len(words) <= MAX_NAME_WORDS and not any(word in grammar.sentence_words for word in words)
    if names_goods and is_name:
        return Intent.PRODUCT_SEARCH, BARE_NAME, "pattern"
    if names_goods or (is_name and words and all(word.isalnum() and len(word) > 2 for word in words[:1])):
        return Intent.PRODUCT_SEARCH, GOODS_AMONG_OTHERS, "fallback"
    return Intent.OTHER, NO_IDEA, "fallback"
