from __future__ import annotations

from museod.stores import keys


def test_the_names_are_the_design_documents() -> None:
    assert keys.conversation("guest:ada") == "conversation:guest:ada"
    assert keys.conversation_lock("ada") == "conversation:ada:lock"
    assert keys.process_status("intent") == "mcp:process:intent:status"
    assert keys.process_pid("intent@node-1") == "mcp:process:intent@node-1:pid"
    assert keys.process_stats("intent") == "mcp:process:intent:stats"
    assert keys.request("ada", "h").startswith("request:")


def test_parts_of_an_answers_name_cannot_be_shifted() -> None:
    names = {
        keys.answer("ada", conversation, message, text)
        for conversation, message, text in (
            ("c", "m", "text"),
            ("cm", "", "text"),
            ("", "cm", "text"),
            ("c", "mt", "ext"),
            ("c", "m", "other"),
        )
    }
    assert len(names) == 5


def test_names_of_answers_and_results_show_no_text() -> None:
    assert "secret" not in keys.answer("ada", "c", "m", "secret")
    assert "ada" not in keys.request("ada", "secret")
    assert keys.request("ada", "h") != keys.request("bob", "h")
