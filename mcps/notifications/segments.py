"""How many SMS a text takes: GSM 03.38 where its characters are enough, else UCS-2 (3GPP TS 23.038)."""

from __future__ import annotations

MAX_SEGMENTS = 10  # 1,530 characters, 670 with characters that need UCS-2; providers take no more

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = frozenset("^{}\\[~]|€\f")  # each takes two places


def count_segments(text: str) -> int:
    """
    The number of SMS; 0 for an empty text.

    In a message of several, each loses seven places (three in UCS-2) to the header that joins them.
    """
    if not text:
        return 0
    if all(character in _BASIC or character in _EXTENDED for character in text):
        return _packed([2 if character in _EXTENDED else 1 for character in text], 160, 153)
    return _packed([len(character.encode("utf-16-be")) // 2 for character in text], 70, 67)


def _packed(sizes: list[int], alone: int, joined: int) -> int:
    if sum(sizes) <= alone:
        return 1
    segments, left = 1, joined
    for size in sizes:  # no character is cut in two, so a segment may stay one place short
        if size > left:
            segments, left = segments + 1, joined
        left -= size
    return segments
