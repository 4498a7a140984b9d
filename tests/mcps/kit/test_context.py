"""Locale, progress and idempotency keys of one call."""

from __future__ import annotations

from mcps.kit.caller import Caller
from mcps.kit.context import Context


def test_the_locale_is_the_asked_one_then_the_callers_then_english() -> None:
    context = Context(Caller(locale="de"))
    assert context.locale("fr") == "fr"
    assert context.locale() == "de"
    assert Context().locale() == "en"


def test_one_turn_and_step_give_one_key_and_others_another() -> None:
    context = Context(Caller(sub="a", turn_id="t1"))
    key = context.idempotency_key("add:x:1")
    assert key == Context(Caller(sub="a", turn_id="t1")).idempotency_key("add:x:1")
    others = {
        context.idempotency_key("add:x:2"),
        Context(Caller(sub="b", turn_id="t1")).idempotency_key("add:x:1"),
        Context(Caller(sub="a", turn_id="t2")).idempotency_key("add:x:1"),
        context.idempotency_key("add:x:1", "given-key"),
    }
    assert len(others | {key}) == 5
    assert 8 <= len(key) <= 128


def test_equal_given_keys_of_two_callers_never_meet() -> None:
    first = Context(Caller(sub="a")).idempotency_key("s", "same-key-1")
    assert first != Context(Caller(sub="b")).idempotency_key("s", "same-key-1")
    assert first == Context(Caller(sub="a", turn_id="t")).idempotency_key("other step", "same-key-1")


def test_calls_outside_of_turns_are_all_different() -> None:
    assert Context().idempotency_key("s") != Context().idempotency_key("s")
