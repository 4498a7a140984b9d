"""
One message's analysis: its language, what it most likely asks for, and its entities.

Two judges, the cheapest first: the patterns of the language's grammar, which know what a person can say in so many
words, and the model, which has an opinion on everything. They are weighed as evidence: each rule that matches
multiplies the odds that the model gives its intent, the surer the rule the more, so that a sure pattern wins,
a guess gives way, and the confidence says how far both agree. A further judge (a large model) belongs behind
them, for messages on which these two are not sure.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from mcps.intent.entities import read_entities
from mcps.intent.grammar import Grammar, grammar_for
from mcps.intent.intents import ADMIN_CLIENT, SHOPPER_CLIENTS, Intent, may_mean
from mcps.intent.mapping import map_intent
from mcps.intent.model import Likelihoods, model
from mcps.intent.utterance import Utterance, read
from mcps.kit.query.terms import read_terms

Method = Literal["pattern", "model", "fallback"]

MAX_ALTERNATIVES = 3
MIN_ALTERNATIVE = 0.05  # less likely readings only confuse whoever is asked to choose
SURE_ENOUGH = 0.7  # a rule from here on counts as what decided, if its intent wins
BARE_NAME = 0.62  # "red nail polish": nothing but goods, so most likely a search for them
NO_IDEA = 0.4  # below it neither judge has decided anything
MAX_NAME_WORDS = 5
# What a rule's odds count against the model's: rules were written for clear cases, and match others now and then.
TRUST = 0.9
# Rules about answers know the question, which the model does not see.
TRUST_IN_ANSWERS = 2.0
SMALLEST = 1e-4  # no intent is so unlikely that a sure pattern could not mean it
MAX_CONFIDENCE = 0.98
COURTESY_COST = 0.1  # a pattern found only in the courtesies is that much less sure


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
    method: Method
    language: str
    reason: str = ""


@dataclass(slots=True)
class _Scores:
    """The best evidence per intent, how sure its rule is, and the tool that it names."""

    best: dict[Intent, tuple[float, float, str | None]] = field(default_factory=dict)

    def note(self, intent: Intent, confidence: float, tool: str | None = None, trust: float = TRUST) -> None:
        evidence = trust * math.log(confidence / (1 - confidence))
        if evidence > self.best.get(intent, (0.0, 0.0, None))[0]:
            self.best[intent] = (evidence, confidence, tool)

    def sureness(self, intent: Intent) -> float:
        """How sure the best rule of an intent is; 0 if none matched."""
        return self.best.get(intent, (0.0, 0.0, None))[1]

    def tool(self, intent: Intent) -> str | None:
        """The tool that the best rule of an intent names, if it names one."""
        return self.best.get(intent, (0.0, 0.0, None))[2]


def analyze(
    message: str, *, locale: str = "en", client_type: str = "", context: Sequence[Turn] = ()
) -> Analysis:
    """What `message` asks for, after the turns in `context`; `locale` is the language that is expected."""
    likely = model().judge(message, client_type, locale=locale)
    language = max(likely.languages, key=likely.languages.__getitem__)
    grammar = grammar_for(language)
    utterance = read(message, grammar)
    last = _last_intent(context, locale, client_type)
    scores = _score(utterance, grammar, client_type, last)
    ranked = _weighed(scores, likely)
    refused = False
    if client_type in SHOPPER_CLIENTS:
        ranked, refused = _without_staffs(ranked, client_type)
    intent, confidence = ranked[0]
    if scores.sureness(intent) >= SURE_ENOUGH:
        method: Method = "pattern"
    else:
        method = "model" if confidence >= NO_IDEA else "fallback"
    entities = read_entities(utterance, intent, grammar)
    mapped = map_intent(intent, entities, client_type, tool=scores.tool(intent), message=message)
    return Analysis(
        intent=intent,
        confidence=round(min(confidence, MAX_CONFIDENCE), 2),
        entities=entities,
        alternatives=[
            (other, round(score, 2))
            for other, score in ranked[1 : 1 + MAX_ALTERNATIVES]
            if score >= MIN_ALTERNATIVE
        ],
        tool=mapped.tool,
        arguments=mapped.arguments or {},
        missing=mapped.missing,
        method=method,
        language=language,
        reason="not_allowed_for_client" if refused else "",
    )


def _score(utterance: Utterance, grammar: Grammar, client_type: str, last: Intent | None) -> _Scores:
    scores = _Scores()
    text = utterance.core or utterance.text
    marked = _marked_options(text, grammar) if last is not None else text
    for rule in grammar.rules:
        if rule.is_for_staff and client_type != ADMIN_CLIENT:
            continue
        if rule.after and last not in rule.after:
            continue
        if rule.search.search(marked if rule.after else text):
            trust = TRUST_IN_ANSWERS if rule.after else TRUST
            scores.note(rule.intent, rule.confidence, rule.tool, trust)
    # A courtesy counts when it is all there is, or when what follows it says nothing.
    if not scores.best and utterance.core != utterance.text:
        for rule in grammar.rules:
            if not rule.after and rule.search.search(utterance.text):
                scores.note(rule.intent, rule.confidence - COURTESY_COST, rule.tool)
    if not scores.best and _is_bare_name(utterance, grammar):
        scores.note(Intent.PRODUCT_SEARCH, BARE_NAME)
    return scores


def _weighed(scores: _Scores, likely: Likelihoods) -> list[tuple[Intent, float]]:
    """All intents with their probabilities, the likeliest first; equal ones in their own order."""
    odds = {
        intent: max(share, SMALLEST) * math.exp(scores.best.get(intent, (0.0,))[0])
        for intent, share in likely.intents.items()
    }
    whole = sum(odds.values())
    return sorted(((intent, share / whole) for intent, share in odds.items()), key=lambda pair: -pair[1])


def _without_staffs(
    ranked: Sequence[tuple[Intent, float]], client_type: str
) -> tuple[list[tuple[Intent, float]], bool]:
    """
    What a shopper can mean, and whether it was refused.

    What is more likely than not the administration's business is said to be nothing that we do here; else
    the readings that a shopper can have share its probability.
    """
    allowed = [(intent, share) for intent, share in ranked if may_mean(intent, client_type)]
    left = sum(share for _, share in allowed)
    if left < 0.5:
        others = [(intent, share) for intent, share in allowed if intent is not Intent.OTHER]
        return [(Intent.OTHER, 1 - left), *others], True
    return [(intent, share / left) for intent, share in allowed], False


def _marked_options(text: str, grammar: Grammar) -> str:
    """`text` with colours, sizes and storage as `§option`, for rules about answers."""
    terms = read_terms(text, grammar.lexicon)
    if not terms.attributes:
        return text
    rest = set(terms.words.split())
    names = set(terms.names.split())
    return " ".join("§option" if word in names - rest else word for word in text.split())


def _last_intent(context: Sequence[Turn], locale: str, client_type: str) -> Intent | None:
    """What the user wanted last; earlier courtesies do not change the subject."""
    for turn in reversed(context):
        if turn.role != "user":
            continue
        if turn.intent in set(Intent):
            intent = Intent(turn.intent)
        else:
            intent = analyze(turn.content, locale=locale, client_type=client_type).intent
        if intent not in (Intent.THANKS, Intent.GREETING, Intent.OTHER):
            return intent
    return None


def _is_bare_name(utterance: Utterance, grammar: Grammar) -> bool:
    """Whether a message that no rule knows is nothing but the name of goods."""
    words = utterance.words
    if len(words) > MAX_NAME_WORDS or any(word in grammar.sentence_words for word in words):
        return False
    terms = read_terms(utterance.core, grammar.lexicon)
    return bool(
        any(word in grammar.nouns for word in words) or terms.brands or terms.attributes or utterance.sku
    )
