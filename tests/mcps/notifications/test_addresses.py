"""What is an address, whose it is, and how much of it a log shows."""

from __future__ import annotations

import pytest

from mcps.kit.caller import Caller
from mcps.notifications.addresses import (
    checked_address,
    checked_number,
    comparable,
    masked,
    own_addresses,
)
from mcps.notifications.permission import third_parties
from mcps.notifications.provider import Channel
from museod.errors import Forbidden, InvalidArguments, Unauthenticated

JANE = Caller("jane", "customer", contacts={"email": "Jane@Example.com", "phone": "49301234567"})
ROOT = Caller("root", "admin", contacts={"email": "root@shop.example"})


@pytest.mark.parametrize(
    "address",
    ["", "jane", "jane@", "@example.com", "a b@example.com", "a@b", "a@example.com\nBcc: x@y.z",
     "a@example.com,b@c.de", "<a@example.com>", "a@-x.com", "a..b@example.com", "a" * 65 + "@example.com",
     "a@" + "b" * 260 + ".com", "a@exa mple.com", "jä@example.com", "a@\u2028.com", "a@..de"],
)  # fmt: skip
def test_what_is_no_address_is_refused_by_its_place(address: str) -> None:
    with pytest.raises(InvalidArguments, match=r"to\.1"):
        checked_address(address, "to.1")


def test_a_domain_of_another_script_is_written_in_ascii() -> None:
    assert checked_address("jane@bücher.example", "to") == "jane@xn--bcher-kva.example"


@pytest.mark.parametrize(
    "number", ["", "0301234567", "+0301234567", "+49 30 1234567", "+49", "+1" + "2" * 15]
)
def test_what_is_no_number_is_refused(number: str) -> None:
    with pytest.raises(InvalidArguments, match="to"):
        checked_number(number, "to")


@pytest.mark.parametrize(
    ("channel", "one", "other"),
    [
        (Channel.EMAIL, "Jane@Example.COM", "jane@example.com "),
        (Channel.EMAIL, "jane@bücher.example", "jane@xn--bcher-kva.example"),
        (Channel.SMS, "+49 (30) 123-4567", "49301234567"),
    ],
)
def test_two_writings_of_an_address_are_the_same_person(channel: Channel, one: str, other: str) -> None:
    assert comparable(channel, one) == comparable(channel, other)


def test_a_phone_is_its_owners_whatsapp_too_and_a_whatsapp_user_has_its_number() -> None:
    assert own_addresses(JANE, Channel.WHATSAPP) == {"+49301234567"}
    assert own_addresses(Caller("whatsapp:491701234567", "customer"), Channel.WHATSAPP) == {"+491701234567"}
    assert own_addresses(Caller("491701234567", "customer"), Channel.WHATSAPP) == set()


def test_customers_write_to_themselves_only_and_nobody_learns_an_address() -> None:
    assert third_parties(JANE, Channel.EMAIL, ["jane@example.com"]) == []
    with pytest.raises(Forbidden) as refused:
        third_parties(JANE, Channel.EMAIL, ["jane@example.com", "bob@example.com"])
    assert "bob" not in refused.value.message
    with pytest.raises(Forbidden, match="no phone number of yours"):
        third_parties(Caller("joe", "customer"), Channel.SMS, ["+49301234567"])
    with pytest.raises(Unauthenticated):
        third_parties(Caller(), Channel.EMAIL, ["jane@example.com"])


def test_to_administrators_everybody_else_is_a_third_party() -> None:
    people = ["root@shop.example", "jane@example.com"]
    assert third_parties(ROOT, Channel.EMAIL, people) == ["jane@example.com"]


def test_a_masked_address_cannot_be_written_to() -> None:
    assert masked("jane.doe@example.com") == "j***@example.com"
    assert masked("+49301234567") == "+49***67"
