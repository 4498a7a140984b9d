"""
One message's analysis: the intent that the patterns see, the model where they are not sure, and its entities.

The layers stand in a row, the cheapest first: `pattern` judges by rules, `model` by what our phrases taught
it; where it has no idea, `fallback` says that this is about something else. Patterns are written for English;
in the other languages only those count that judge a short answer ("128 GB") by the turn before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from mcps.intent.entities import read_entities
from mcps.intent.grammar import Grammar, grammar_for
from mcps.intent.intents import ADMIN_CLIENT, Intent, may_mean
from mcps.intent.mapping import map_intent
from mcps.intent.model import Likelihoods, model
from mcps.intent.spoken import is_spoken, read_spoken
from mcps.intent.utterance import Utterance, read
from mcps.kit.query.lexicon import Lexicon, lexicon_for
from mcps.kit.query.terms import read_terms

# Two readings this close are a toss-up, and the winner is made that much less sure of itself.
TOSS_UP = 0.02
TOSS_UP_COST = 0.1
MAX_ALTERNATIVES = 3
MIN_ALTERNATIVE = 0.1
SURE = 0.9  # from here on a rule decides alone; below it the model is heard, too
SAY_OF_MODEL = (
    0.3  # how much of a sure rule's confidence is the model's: where both agree, it is rarely wrong
)
SAY_OF_RULES = 0.3  # the share of an unsure rule in the verdict; measured together with the model
BARE_NAME = 0.7  # "red nail polish": nothing but goods, so most likely a search for them
MAX_NAME_WORDS = 5
OTHER_LANGUAGE = 0.7  # this likely it must be that a message is not in the caller's language
NO_IDEA = 0.3  # a best guess below it is none


Method = Literal["pattern", "model", "fallback"]


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
    """The best confidence per intent, and the tool that the rule behind it names."""

    best: dict[Intent, tuple[float, str | None]] = field(default_factory=dict)
    decides: bool = False
    """The best of them stands whatever the model says: an answer to the turn before, or nothing but goods."""

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
    judged = model().judge(message, client_type, locale=locale)
    language = _language(judged, locale)
    grammar = grammar_for(language)
    lexicon = lexicon_for(language)
    utterance = read(message, grammar, lexicon)
    last = _last_intent(context, grammar, client_type)
    scores = _score(utterance, grammar, lexicon, client_type, last)
    ranked, method = _verdict(scores, judged)
    best = ranked[0]
    allowed = [pair for pair in ranked if may_mean(pair[0], client_type)]
    is_refused = not may_mean(best[0], client_type) and (
        not allowed or allowed[0][1] < best[1] - 2 * TOSS_UP_COST
    )
    if is_refused:
        allowed = [(Intent.OTHER, best[1]), *(pair for pair in allowed if pair[0] is not Intent.OTHER)]
    (intent, confidence), *others = allowed
    if method == "pattern" and others and confidence - others[0][1] < TOSS_UP:
        confidence -= TOSS_UP_COST
    if is_spoken(language):
        entities = read_spoken(utterance, intent, lexicon)
    else:
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
        language=language,
        reason="not_allowed_for_client" if is_refused else "",
    )


def _language(judged: Likelihoods, locale: str) -> str:
    """The message's language: the caller's, unless the words clearly are of another."""
    expected = locale.split("-")[0].lower()
    likeliest = max(judged.languages, key=lambda one: judged.languages[one])
    is_clear = judged.languages[likeliest] >= OTHER_LANGUAGE
    return likeliest if is_clear or expected not in judged.languages else expected


def _verdict(scores: _Scores, judged: Likelihoods) -> tuple[list[tuple[Intent, float]], Method]:
    """Intents by how likely they are, the best first, and who said so."""
    ruled = scores.ranked()
    if ruled and scores.decides:
        return ruled, "pattern"
    if ruled and ruled[0][1] >= SURE:
        (intent, confidence), *others = ruled
        doubt = SAY_OF_MODEL * (confidence - judged.intents.get(intent, 0.0))
        return [(intent, confidence - max(doubt, 0.0)), *others], "pattern"
    shares = {intent: (1 - SAY_OF_RULES * bool(ruled)) * share for intent, share in judged.intents.items()}
    if ruled:
        shares[ruled[0][0]] += SAY_OF_RULES * ruled[0][1]
    ranked = sorted(shares.items(), key=lambda pair: -pair[1])
    if ranked[0][1] < NO_IDEA or not judged.known:
        return [
            (Intent.OTHER, NO_IDEA),
            *(pair for pair in ranked if pair[0] is not Intent.OTHER),
        ], "fallback"
    return ranked, "model"


def _score(
    utterance: Utterance, grammar: Grammar, lexicon: Lexicon, client_type: str, last: Intent | None
) -> _Scores:
    scores = _Scores()
    text = utterance.core or utterance.text
    marked = _marked_options(text, lexicon)
    is_own = lexicon.language == grammar.language
    for rule in grammar.rules:
        if not is_own and not rule.after:
            continue
        if rule.is_for_staff and client_type != ADMIN_CLIENT:
            continue
        if rule.after and last not in rule.after:
            continue
        if rule.search.search(marked if rule.after else text):
            scores.decides = bool(rule.after) or scores.decides
            scores.note(rule.intent, rule.confidence, rule.tool)
    if not scores.best and _is_bare_name(utterance, grammar, lexicon):
        scores.decides = True
        scores.note(Intent.PRODUCT_SEARCH, BARE_NAME, None)
    # A courtesy counts when it is all there is, or when what follows it says nothing.
    if is_own and not scores.best and utterance.core != utterance.text:
        for rule in grammar.rules:
            if not rule.after and rule.search.search(utterance.text):
                scores.note(rule.intent, rule.confidence - TOSS_UP_COST, rule.tool)
    return scores


def _is_bare_name(utterance: Utterance, grammar: Grammar, lexicon: Lexicon) -> bool:
    words = utterance.words
    spare = grammar.sentence_words if lexicon.language == grammar.language else lexicon.fillers
    if len(words) > MAX_NAME_WORDS or any(word in spare for word in words):
        return False
    terms = read_terms(utterance.core, lexicon)
    if not terms.words:
        return False
    has_goods = any(word in grammar.nouns for word in words)
    return has_goods or bool(terms.brands) or bool(terms.attributes) or bool(utterance.sku)


def _marked_options(text: str, lexicon: Lexicon) -> str:
    """`text` with colours, sizes and storage as `§option`, for rules about answers."""
    terms = read_terms(text, lexicon)
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
            read_then = read(turn.content, grammar, grammar.lexicon)
            scores = _score(read_then, grammar, grammar.lexicon, client_type, None)
            intent = _verdict(scores, model().judge(turn.content, client_type))[0][0][0]
        if intent not in (Intent.THANKS, Intent.GREETING, Intent.OTHER):
            return intent
    return None
