"""Changing a basket, against the sandbox shop as a real process."""

from __future__ import annotations

from typing import Any

import pytest

from mcps.museo.client import MuseoClient
from tests.fakes.storefront import (
    ALICE,
    BOB,
    PHONE,
    SHORT_PHONE,
    Storefront,
    codes,
    open_storefront,
    open_storefront_without_shop,
)

pytestmark = pytest.mark.real

# Each way to change one line, with what it takes besides the line.
CHANGES: list[tuple[str, dict[str, Any]]] = [
    ("update_basket_item", {"quantity": 2}),
    ("remove_from_basket", {}),
]


async def another(shop: MuseoClient) -> None:
    """Alice puts something in from another window."""
    another.count += 1  # type: ignore[attr-defined]
    key = f"another-window-{another.count}"  # type: ignore[attr-defined]
    await shop.add_item("alice", "BEA-CHI-LIP-004", 1, idempotency_key=key)


another.count = 0  # type: ignore[attr-defined]


async def filled(front: Storefront, *skus: str) -> dict[str, Any]:
    """Alice's basket with one of each."""
    for sku in skus:
        added = await front.call("add_to_basket", sku=sku)
    return added.structured_content["basket"]  # type: ignore[no-any-return]


async def test_a_quantity_is_set_by_line_sku_or_title() -> None:
    async with open_storefront() as front:
        basket = await filled(front, PHONE)
        names = (basket["lines"][0]["lineId"], PHONE.lower(), "iPhone 15", "the iphone 15 128gb black")
        for quantity, name in enumerate(names, start=2):
            changed = await front.call("update_basket_item", line=name, quantity=quantity)
            assert changed.structured_content["basket"]["itemCount"] == quantity
            assert f"now {quantity}" in changed.text
        gone = await front.call("update_basket_item", line=PHONE, quantity=0)
        assert gone.structured_content["basket"]["lines"] == []
        assert "out of your basket" in gone.text


async def test_a_line_that_is_not_there_is_said_with_what_is() -> None:
    async with open_storefront() as front:
        empty = await front.call("update_basket_item", line="toaster", quantity=2)
        assert empty.structured_content["apiCode"] == "basket_line_not_found"
        assert "empty" in empty.text
        await filled(front, PHONE)
        for tool, more in CHANGES:
            refused = await front.call(tool, line="toaster", **more)
            assert refused.is_error
            assert refused.structured_content["apiCode"] == "basket_line_not_found"
            assert "iPhone 15" in refused.text
            assert codes(refused) == ["basket_line_not_found"]


async def test_a_title_of_several_lines_is_answered_with_a_choice_and_nothing_changes() -> None:
    async with open_storefront() as front:
        before = await filled(front, PHONE, "IPHONE-15-128-BLUE")
        for tool, more in CHANGES:
            asked = await front.call(tool, line="iphone 15", **more)
            assert asked.structured_content["needsChoice"]["axis"] == "line"
            assert [one["sku"] for one in asked.structured_content["candidates"]] == [
                PHONE,
                "IPHONE-15-128-BLUE",
            ]
            assert asked.structured_content["basket"]["version"] == before["version"]
            assert "Which one" in asked.text
        chosen = await front.call("remove_from_basket", line="iphone 15 128 GB blue")
        assert [one["sku"] for one in chosen.structured_content["removed"]] == ["IPHONE-15-128-BLUE"]


async def test_short_stock_and_the_shops_limit_are_answered_with_what_would_do() -> None:
    async with open_storefront() as front:
        await filled(front, SHORT_PHONE, PHONE)
        short = await front.call("update_basket_item", line=SHORT_PHONE, quantity=5)
        assert short.structured_content["apiCode"] == "insufficient_stock"
        assert short.structured_content["available"] == 3
        assert "Only 3" in short.text
        assert short.structured_content["messages"][0]["severity"] == "recoverable"
        over = await front.call("update_basket_item", line=PHONE, quantity=50)
        assert over.structured_content["limit"] == 20
        assert "at most 20" in over.text


async def test_a_basket_that_changed_meanwhile_is_read_again_once() -> None:
    async with open_storefront() as front:
        basket = await filled(front, PHONE)
        front.shop.before["update_item"] = [another]
        changed = await front.call("update_basket_item", line=PHONE, quantity=3)
        assert changed.structured_content["basket"]["itemCount"] == 4
        assert codes(changed) == ["basket_changed"]
        assert front.shop.calls.count("update_item") == 2
        stale = await front.call(
            "update_basket_item", line=PHONE, quantity=1, expectedVersion=basket["version"]
        )
        assert stale.structured_content["basket"]["itemCount"] == 2
        assert codes(stale) == ["basket_changed"]
        now = stale.structured_content["basket"]["version"]
        fresh = await front.call("update_basket_item", line=PHONE, quantity=2, expectedVersion=now)
        assert "messages" not in fresh.structured_content


@pytest.mark.parametrize(
    ("tool", "method", "arguments", "confirmed"),
    [
        ("update_basket_item", "update_item", {"line": PHONE, "quantity": 3}, False),
        ("remove_from_basket", "remove_item", {"line": PHONE}, False),
        ("remove_from_basket", "clear_basket", {"all": True}, True),
    ],
)
async def test_a_basket_that_keeps_changing_is_shown_as_it_is(
    tool: str, method: str, arguments: dict[str, Any], confirmed: bool
) -> None:
    async with open_storefront() as front:
        await filled(front, PHONE)
        front.shop.before[method] = [another, another]
        refused = await front.call(tool, confirmed=confirmed, **arguments)
        assert refused.is_error
        assert refused.structured_content["apiCode"] == "basket_version_conflict"
        assert refused.structured_content["basket"]["itemCount"] == 3
        assert refused.structured_content["messages"][0]["severity"] == "requires_buyer_review"
        assert front.shop.calls.count(method) == 2


async def test_a_lost_answer_is_looked_up_before_anything_is_said() -> None:
    async with open_storefront("PATCH /api/v1/basket:drop=1;DELETE /api/v1/basket:drop=1") as front:
        await filled(front, PHONE)
        changed = await front.call("update_basket_item", line=PHONE, quantity=3)
        assert changed.structured_content["basket"]["itemCount"] == 3
        assert front.shop.calls.count("update_item") == 1
        removed = await front.call("remove_from_basket", line=PHONE)
        assert removed.structured_content["basket"]["itemCount"] == 0


async def test_a_change_that_did_not_happen_is_said_to_have_failed() -> None:
    async with open_storefront("PATCH /api/v1/basket:status=503") as front:
        await filled(front, PHONE)
        failed = await front.call("update_basket_item", line=PHONE, quantity=3)
        assert failed.structured_content["kind"] == "api_error"
        basket = await front.call("get_basket")
        assert basket.structured_content["basket"]["itemCount"] == 1


async def test_one_line_goes_and_the_rest_stays() -> None:
    async with open_storefront() as front:
        await filled(front, PHONE, SHORT_PHONE)
        removed = await front.call("remove_from_basket", line=SHORT_PHONE)
        assert [line["sku"] for line in removed.structured_content["basket"]["lines"]] == [PHONE]
        assert [line["sku"] for line in removed.structured_content["removed"]] == [SHORT_PHONE]


async def test_everything_goes_only_after_a_yes() -> None:
    async with open_storefront() as front:
        await filled(front, PHONE, SHORT_PHONE)
        asked = await front.call("remove_from_basket", all=True)
        assert asked.is_error
        said = asked.structured_content
        assert (said["kind"], said["reason"], said["needsConfirmation"]) == (
            "invalid_request",
            "confirmation_required",
            True,
        )
        assert "2 items" in said["summary"]
        assert (said["tool"], said["arguments"]) == ("remove_from_basket", {"all": True})
        assert (await front.call("get_basket")).structured_content["basket"]["itemCount"] == 2
        emptied = await front.call("remove_from_basket", confirmed=True, all=True)
        assert len(emptied.structured_content["removed"]) == 2
        assert emptied.structured_content["basket"]["itemCount"] == 0
        again = await front.call("remove_from_basket", all=True)
        assert not again.is_error
        assert again.structured_content["removed"] == []


async def test_only_the_gateways_statement_about_the_caller_is_a_yes() -> None:
    forged: list[object] = [True, "yes", None, 1, ["alice"], {"sub": "mallory"}, {"sub": 7}]
    async with open_storefront() as front:
        await filled(front, PHONE)
        for stated in forged:
            asked = await front.harness.call(
                "remove_from_basket", {"all": True}, caller=ALICE, meta={"ai.museo/confirmed": stated}
            )
            assert asked.structured_content["reason"] == "confirmation_required", stated


@pytest.mark.parametrize(
    ("tool", "arguments", "field"),
    [
        ("update_basket_item", {"quantity": 1}, "line"),
        ("update_basket_item", {"line": "x"}, "quantity"),
        ("update_basket_item", {"line": "x", "quantity": 100}, "quantity"),
        ("update_basket_item", {"line": "x", "quantity": "2"}, "quantity"),
        ("update_basket_item", {"line": "x", "quantity": 1, "userId": "bob"}, "userId"),
        ("remove_from_basket", {"line": 7}, "line"),
        ("remove_from_basket", {"all": "yes"}, "all"),
        ("remove_from_basket", {"all": True, "confirm": True}, "confirm"),
        ("remove_from_basket", {}, "line"),
        ("remove_from_basket", {"line": "x", "all": True}, "line"),
    ],
)
async def test_arguments_outside_the_schema_are_refused_by_name(
    tool: str, arguments: dict[str, Any], field: str
) -> None:
    async with open_storefront_without_shop() as front:
        refused = await front.call(tool, **arguments)
        assert refused.structured_content["kind"] == "invalid_params"
        assert field in refused.text


async def test_a_basket_is_changed_by_its_owner_only() -> None:
    async with open_storefront() as front:
        basket = await filled(front, PHONE)
        line = basket["lines"][0]["lineId"]
        foreign = await front.call("remove_from_basket", BOB, line=line)
        assert foreign.structured_content["apiCode"] == "basket_line_not_found"
        for tool, more in CHANGES:
            nobody = await front.call(tool, None, line=line, **more)
            assert nobody.structured_content["kind"] == "authentication_error"
