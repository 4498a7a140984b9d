"""JSON-RPC messages as plain values."""

from __future__ import annotations

import pytest
from msgspec import UNSET, Raw

from museod.wire.messages import ErrorObject, Malformed


@pytest.mark.parametrize(
    ("data", "payload"),
    [(UNSET, None), (Raw(b"null"), None), (Raw(b'{"a":[1]}'), {"a": [1]}), (Raw(b'"x"'), "x")],
)
def test_the_data_of_an_error_is_decoded_when_asked_for(data: Raw, payload: object) -> None:
    assert ErrorObject(-1, "m", data).payload() == payload


def test_malformed_reads_as_its_message() -> None:
    error = Malformed(-32600, "Send one message.", "id-1")
    assert (str(error), error.code, error.id, error.is_response) == (
        "Send one message.",
        -32600,
        "id-1",
        False,
    )
