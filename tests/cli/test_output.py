"""Printing for people and for pipes."""

from __future__ import annotations

import json
import sys

import pytest

from museod.cli import output

HOSTILE = "a\x1b[31mred\x07\x9b2J\u202egnp.exe\r\u200b"


def use_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Standard output is a terminal from now on; called in the test, where capturing is in place."""
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    monkeypatch.delenv("NO_COLOR", raising=False)


def is_harmless(text: str) -> bool:
    return all(char == "\n" or char == "\t" or char.isprintable() for char in text)


def test_what_is_said_goes_to_stderr_and_what_is_shown_to_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    output.say("a problem")
    output.show("a result")
    assert capsys.readouterr() == ("a result\n", "a problem\n")


def test_nothing_moves_the_cursor_or_recolours_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    output.say(HOSTILE)
    output.show(HOSTILE)
    output.show_json({HOSTILE: [HOSTILE, "𝄞 ü"]})
    output.show_table(["a"], [[HOSTILE]])
    captured = capsys.readouterr()
    assert is_harmless(captured.out)
    assert is_harmless(captured.err)
    assert "red" in captured.out


def test_json_is_for_programs_and_keeps_every_character(capsys: pytest.CaptureFixture[str]) -> None:
    value = {"k": [HOSTILE, "ü 𝄞 \U000e0001", "\ud800"], "n": 1.5}
    output.show_json(value)
    [line] = capsys.readouterr().out.splitlines()
    assert json.loads(line) == value
    assert "ü 𝄞" in line


def test_json_at_a_terminal_is_indented(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    use_terminal(monkeypatch)
    output.show_json({"a": 1})
    assert capsys.readouterr().out == '{\n  "a": 1\n}\n'


def test_a_table_in_a_pipe_is_one_line_a_row(capsys: pytest.CaptureFixture[str]) -> None:
    output.show_table(["name", "note"], [["a", "one\ttwo\nthree"], ["b", ""]])
    assert capsys.readouterr().out == "a\tone two three\nb\t\n"


def test_a_table_at_a_terminal_is_aligned_and_coloured(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    use_terminal(monkeypatch)
    output.show_table(["name", "state"], [["shop", "ready"], ["x", "failed"], ["multi\nline", "other"]])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "\x1b[1mNAME        STATE \x1b[0m"
    assert lines[1] == "shop        \x1b[32mready \x1b[0m"
    assert lines[2] == "x           \x1b[31mfailed\x1b[0m"
    assert lines[3] == "multi line  other"


def test_no_color_is_honoured(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    use_terminal(monkeypatch)
    monkeypatch.setenv("NO_COLOR", "1")
    output.show_table(["state"], [["ready"]])
    assert "\x1b" not in capsys.readouterr().out


def test_an_empty_table_is_its_heads(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    use_terminal(monkeypatch)
    output.show_table(["a", "b"], [])
    assert "A  B" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (59, "59 s"),
        (60, "1 min"),
        (3_599, "60 min"),
        (3_600, "1 h"),
        (86_400, "1 d"),
        (200_000, "2 d"),
    ],
)
def test_durations(seconds: float, text: str) -> None:
    assert output.duration(seconds) == text


@pytest.mark.parametrize(("count", "text"), [(None, "-"), (0, "0 MiB"), (10_485_760, "10 MiB")])
def test_sizes(count: float | None, text: str) -> None:
    assert output.size(count) == text
