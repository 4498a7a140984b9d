"""A secret shows itself to nobody who does not ask for it by name."""

from __future__ import annotations

import copy
import json
import pickle

import msgspec
import pytest

from museod.config import Secret


def test_no_text_of_a_secret_holds_its_value() -> None:
    secret = Secret("CANARY")
    texts = [repr(secret), str(secret), f"{secret}", f"{secret!r:>20}", f"{secret:>20}", "%s" % secret]  # noqa: UP031
    texts.append(repr([secret, {"key": secret}]))
    texts.append(json.dumps({"key": secret}, default=str))

    assert not any("CANARY" in text for text in texts)
    assert all("***" in text for text in texts)


def test_no_encoder_takes_a_secret() -> None:
    secret = Secret("CANARY")
    for encode in (msgspec.json.encode, msgspec.to_builtins, json.dumps, pickle.dumps, copy.deepcopy):
        with pytest.raises(TypeError):
            encode(secret)


def test_the_value_is_there_for_who_asks() -> None:
    assert Secret("text").reveal() == "text"
    assert Secret(b"key").reveal() == b"key"
    assert Secret("a") == Secret("a")
    assert Secret("a") != Secret("b")
    assert Secret("a") != "a"
    assert hash(Secret("a")) == hash(Secret("a"))
    assert not Secret("")
