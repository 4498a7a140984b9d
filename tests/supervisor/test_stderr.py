from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from museod.supervisor.stderr import BURST_LINES, LINE_BYTES, LINES_PER_SECOND, StderrLines, secrets_of


def test_lines_come_whole_however_they_are_cut():
    lines = StderrLines()

    assert lines.feed(b"first\nsec", 0) == [b"first"]
    assert lines.feed(b"ond\n\n  \nthi", 0) == [b"second"]
    assert lines.finish() == [b"thi"]
    assert lines.finish() == []


def test_a_line_without_end_keeps_its_beginning_and_counts_the_rest():
    lines = StderrLines()
    for _ in range(10):
        assert lines.feed(b"x" * LINE_BYTES, 0) == []

    [line] = lines.feed(b"\n", 0)

    assert line == b"x" * LINE_BYTES + b" ... (%d bytes more)" % (9 * LINE_BYTES)


def test_a_flood_is_counted_and_lines_come_again_when_it_is_over():
    lines = StderrLines()
    logged = lines.feed(b"flood\n" * 1000 + b"unfin", 0)
    assert len(logged) == BURST_LINES
    assert lines.has_dropped
    assert lines.take_dropped() == (800, 4800)
    assert not lines.has_dropped

    later = 5 / LINES_PER_SECOND

    assert lines.feed(b"ished\n" + b"more\n" * 10, later) == [b"unfinished", *[b"more"] * 4]
    assert lines.take_dropped() == (6, 30)


def test_patience_does_not_save_up_more_than_one_burst():
    lines = StderrLines()
    assert lines.feed(b"x\n", 0) == [b"x"]

    assert len(lines.feed(b"x\n" * 1000, 1e9)) == BURST_LINES


def test_the_dropped_start_of_a_line_is_not_joined_to_another():
    lines = StderrLines()
    lines.feed(b"x\n" * BURST_LINES + b"gone", 0)
    assert lines.feed(b" too\nkept", 0) == []

    assert lines.feed(b" line\n", 1) == [b"kept line"]


def test_values_that_a_child_was_given_as_secrets_are_removed():
    env = {
        "MCP_API_SECRET": "s3cret-value",
        "MCP_API_KEY": "key",  # too short to tell from text
        "MCP_REDIS_URL": "redis://:pass@host/0",
        "MCP_MUSEO_API_URL": "http://shop:8000",
        "PATH": "/usr/bin:/bin",
    }
    lines = StderrLines(secrets_of(env))

    [line] = lines.feed(b"no s3cret-value at redis://:pass@host/0 or http://shop:8000 key\n", 0)

    assert line == b"no *** at *** or http://shop:8000 key"


def test_a_secret_on_the_cut_of_a_long_line_is_removed_too():
    lines = StderrLines((b"s3cret-value",))

    [line] = lines.feed(b"x" * (LINE_BYTES - 4) + b"s3cret-value\n", 0)

    assert b"s3c" not in line


@given(st.lists(st.binary(max_size=300), max_size=40), st.floats(0, 5))
def test_nothing_is_lost_without_being_counted(chunks: list[bytes], step: float):
    lines = StderrLines()
    logged: list[bytes] = []
    for number, chunk in enumerate(chunks):
        logged += lines.feed(chunk, number * step)
    dropped, _ = lines.take_dropped()
    whole = b"".join(chunks)
    *complete, rest = whole.split(b"\n")
    expected = [line.strip() for line in complete]

    assert len([line for line in expected if line]) <= len(logged) + dropped <= len(expected)
    if not dropped:
        assert logged == [line for line in expected if line]
    assert lines.finish() == ([rest.strip()] if rest.strip() else [])


@pytest.mark.parametrize("newline", [b"\n", b""])
def test_what_is_kept_stays_small_in_a_flood(newline: bytes):
    lines = StderrLines()
    for _ in range(100):
        lines.feed((b"x" * 63 + newline) * 1024, 0)

    assert len(lines._line) <= LINE_BYTES
