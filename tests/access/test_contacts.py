from __future__ import annotations

import pytest

from museod.access.contacts import contacts_of


def test_addresses_are_kept_by_channel_and_numbers_lose_their_blanks() -> None:
    claimed = {"email": " ada@shop.example ", "phone": "+49 (30) 123-4567", "whatsapp": "4930123456"}
    assert contacts_of(claimed) == {
        "email": "ada@shop.example",
        "phone": "+49301234567",
        "whatsapp": "4930123456",
    }


def test_unknown_channels_are_left_out() -> None:
    assert contacts_of({"fax": "+49301234567"}) == {}


@pytest.mark.parametrize(
    ("channel", "address"),
    [
        ("email", "ada@shop.example\r\nBcc: all@shop.example"),
        ("email", "ada@shop.example,bob@shop.example"),
        ("email", "ada"),
        ("email", "ada@localhost"),
        ("email", "a" * 300 + "@shop.example"),
        ("email", ""),
        ("phone", "call me"),
        ("phone", "+0123456"),
        ("phone", "+4930\n1234567"),
        ("whatsapp", "1" * 16),
        ("whatsapp", "+" * 1_000_000),
    ],
)
def test_what_is_no_address_is_refused_without_repeating_it(channel: str, address: str) -> None:
    with pytest.raises(ValueError) as caught:
        contacts_of({channel: address})
    assert channel in str(caught.value)
    assert not address or address not in str(caught.value)
