from __future__ import annotations

from pathlib import Path

import pytest

from museod.access.apikeys import (
    KEY_PREFIX,
    MAX_KEYS,
    ApiKeys,
    new_key,
    parse_api_keys,
    read_api_keys,
)
from museod.access.principal import Role
from museod.errors import ConfigError, Unauthenticated

PEPPER = b"p" * 32
HMAC = "0" * 64


def test_a_new_key_is_known_by_its_line_and_by_nothing_else() -> None:
    key, line = new_key("whatsapp-bridge", Role.SERVICE, PEPPER, scopes=["act_as"])
    keys = ApiKeys(parse_api_keys(line, source="test"), [PEPPER])
    caller = keys.read(key)
    assert (caller.sub, caller.role) == ("whatsapp-bridge", Role.SERVICE)
    assert caller.scopes == {"act_as"}
    assert key.startswith(KEY_PREFIX)
    assert key not in line
    assert key[len(KEY_PREFIX) :] not in line


def test_another_key_is_refused() -> None:
    key, line = new_key("bridge", Role.SERVICE, PEPPER)
    keys = ApiKeys(parse_api_keys(line, source="test"), [PEPPER])
    other, _ = new_key("bridge", Role.SERVICE, PEPPER)
    for text in (other, key[:-1], key + "A", KEY_PREFIX, "", "é" * 43):
        with pytest.raises(Unauthenticated):
            keys.read(text)


def test_a_line_of_before_a_rotation_works_until_its_pepper_is_gone() -> None:
    key, line = new_key("bridge", Role.SERVICE, PEPPER)
    lines = parse_api_keys(line, source="test")
    assert ApiKeys(lines, [b"n" * 32, PEPPER]).read(key).sub == "bridge"
    with pytest.raises(Unauthenticated):
        ApiKeys(lines, [b"n" * 32]).read(key)


def test_a_role_brings_its_scopes() -> None:
    key, line = new_key("prometheus", Role.OPERATOR, PEPPER)
    assert ApiKeys(parse_api_keys(line, source="test"), [PEPPER]).read(key).has_scope("ops:read")


def test_comments_and_blank_lines_are_allowed() -> None:
    text = f"# our services\n\nbridge service act_as {HMAC} # since March\n   # nothing\n"
    (key,) = parse_api_keys(text, source="keys")
    assert key.name == "bridge"
    assert key.scopes == {"act_as"}


def test_all_bad_lines_are_reported_at_once_by_number() -> None:
    text = "\n".join(
        (
            f"good service - {HMAC}",
            "three fields only",
            f"bad:name service - {'1' * 64}",
            f"nobody guest - {'2' * 64}",
            f"ada admin act_as {'3' * 64}",
            f"bob admin nonsense {'4' * 64}",
            "eve service - abc",
            f"good service - {'5' * 64}",
            f"copy service - {HMAC}",
        )
    )
    with pytest.raises(ConfigError) as caught:
        parse_api_keys(text, source="/etc/museod/keys")
    faults = caught.value.faults
    assert [fault.key for fault in faults] == [f"line {number}" for number in range(2, 10)]
    assert all(fault.source == "/etc/museod/keys" for fault in faults)
    assert HMAC not in str(caught.value)


def test_too_many_keys_are_refused() -> None:
    text = "\n".join(f"s{number} service - {number:064x}" for number in range(MAX_KEYS + 1))
    with pytest.raises(ConfigError, match="drop those"):
        parse_api_keys(text, source="keys")


def test_a_new_key_cannot_have_what_a_line_cannot_have() -> None:
    with pytest.raises(ConfigError, match="act_as"):
        new_key("ada", Role.ADMIN, PEPPER, scopes=["act_as"])


def test_a_file_that_anybody_may_write_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    path.write_text(f"bridge service - {HMAC}\n")
    path.chmod(0o646)
    with pytest.raises(ConfigError, match="chmod o-w"):
        read_api_keys(path)
    path.chmod(0o640)
    assert [key.name for key in read_api_keys(path)] == ["bridge"]


@pytest.mark.parametrize(("content", "said"), [(None, "cannot be read"), (b"\xff\xfe", "UTF-8")])
def test_an_unreadable_file_is_named(tmp_path: Path, content: bytes | None, said: str) -> None:
    path = tmp_path / "keys"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigError, match=said) as caught:
        read_api_keys(path)
    assert caught.value.faults[0].source == str(path)
