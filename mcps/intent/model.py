"""
The small model: how likely each intent and each language is, from the words and pieces of words of a message.

Multinomial logistic regression on hashed features, trained by `scripts/train-intent` on our own phrases and
stored in `weights.bin`. A row of weights is one long integer with a lane of 32 bits per intent and
language, so that adding two integers adds all lanes at once: judging a message takes some hundred additions
and no library.
"""

from __future__ import annotations

import json
import math
import struct
import zlib
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from mcps.intent.features import VERSION, features
from mcps.intent.intents import ADMIN_CLIENT, SHOPPER_CLIENTS, Intent

WEIGHTS = Path(__file__).with_name("weights.bin")
MAGIC = b"MUSEINT1"
_LANE_BYTES = 4
_ZERO = 128  # weights are stored as bytes around it


@dataclass(frozen=True, slots=True)
class Likelihoods:
    """What a message may mean, and in which language: probabilities that add up to 1 each."""

    intents: Mapping[Intent, float]
    languages: Mapping[str, float]
    known: int  # how many of the message's features the model has ever seen


class Model:
    """
    The weights of a file, ready to judge.

    Raises:
        ValueError: the file is none of ours, or was made for other features.
    """

    def __init__(self, content: bytes) -> None:
        if content[: len(MAGIC)] != MAGIC:
            raise ValueError("weights.bin holds no weights; run scripts/train-intent.")
        (size,) = struct.unpack_from("<I", content, len(MAGIC))
        start = len(MAGIC) + 4
        header: dict[str, Any] = json.loads(content[start : start + size])
        if header["features"] != VERSION:
            raise ValueError("weights.bin was made for other features; run scripts/train-intent.")
        self.phrases: str = header["phrases"]
        self.intents = tuple(Intent(one) for one in header["intents"])
        self.languages: tuple[str, ...] = tuple(header["languages"])
        self._bias: dict[str, list[float]] = dict(zip(header["clients"], header["bias"], strict=True))
        self._language_bias: list[float] = header["languageBias"]
        self._temperature: float = header["temperature"]
        self._scales: list[float] = header["scales"]
        lanes = len(self.intents) + len(self.languages)
        body = zlib.decompress(content[start + size :])
        keys = array("I", body[: 4 * header["rows"]])
        self._row_of = {key: place * lanes * _LANE_BYTES for place, key in enumerate(keys)}
        self._rows = bytearray(header["rows"] * lanes * _LANE_BYTES)
        self._rows[::_LANE_BYTES] = body[4 * header["rows"] :]
        self._unpack = struct.Struct(f"<{lanes}I").unpack
        self._width = lanes * _LANE_BYTES

    def judge(self, message: str, client_type: str = "", *, locale: str = "") -> Likelihoods:
        """
        Args:
            client_type: administrators and shoppers mean different things by the same words.
            locale: the language that is expected; it decides where the message's own words do not.
        """
        is_staff = client_type == ADMIN_CLIENT
        found = features(message, is_staff=is_staff)
        rows, width, of = self._rows, self._width, self._row_of
        places = [of[key] for key in found if key in of]
        total = 0
        for place in places:
            total += int.from_bytes(rows[place : place + width], "little")
        sums = self._unpack(total.to_bytes(width, "little"))
        offset = _ZERO * len(places)
        size = 1 / math.sqrt(max(len(found), 1))
        scores = [(lane - offset) * scale * size for lane, scale in zip(sums, self._scales, strict=True)]
        client = "staff" if is_staff else "shopper" if client_type in SHOPPER_CLIENTS else "open"
        count = len(self.intents)
        intents = _softmax(
            [
                (score + bias) / self._temperature
                for score, bias in zip(scores[:count], self._bias[client], strict=True)
            ]
        )
        expected = locale.split("-")[0].lower()
        languages = _softmax(
            [
                score + bias + (_EXPECTED if language == expected else 0.0)
                for score, bias, language in zip(
                    scores[count:], self._language_bias, self.languages, strict=True
                )
            ]
        )
        return Likelihoods(
            intents=dict(zip(self.intents, intents, strict=True)),
            languages=dict(zip(self.languages, languages, strict=True)),
            known=len(places),
        )


# What the client's locale is worth against the message's own words: it decides "ok" and "iPhone 15", and
# loses against one clear word of another language.
_EXPECTED = 1.0


def _softmax(scores: Sequence[float]) -> list[float]:
    highest = max(scores)
    powers = [math.exp(score - highest) for score in scores]
    whole = sum(powers)
    return [power / whole for power in powers]


@cache
def model() -> Model:
    """The model that ships with the package; read when it is first needed, in some ten milliseconds."""
    return Model(WEIGHTS.read_bytes())
