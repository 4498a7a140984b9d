import msgspec
import pytest

from mcps.museo.models import Money, Stock
from mcps.museo.sandbox.baskets import MAX_LINES, MAX_PER_LINE
from mcps.museo.sandbox.quotes import totals
from tests.mcps.museo.calling import Caller, make_caller

BLUE = "IPHONE-15-128-BLUE"
SCARCE = "IPHONE-15-512-BLUE"  # three in stock
SOLD_OUT = "IPHONE-15-512-BLACK"
ITEMS = "/api/v1/basket/items"


def _change(caller: Caller, sku: str, **changes: object) -> None:
    """Change a variant of the shop, as an administrator would."""
    shelf = caller.app.shop.shelf
    item = shelf.get(sku)
    assert item is not None
    variants = [
        msgspec.structs.replace(variant, **changes) if variant.sku == sku else variant
        for variant in item.master.variants
    ]
    shelf.save(msgspec.structs.replace(item.master, variants=variants), item.position)


def _set_status(caller: Caller, sku: str, status: str) -> None:
    shelf = caller.app.shop.shelf
    item = shelf.get(sku)
    assert item is not None
    shelf.save(msgspec.structs.replace(item.master, status=status), item.position)


async def test_a_basket_is_there_on_first_use_and_empty() -> None:
    caller = make_caller()

    answer = await caller("GET", "/api/v1/basket")

    assert answer.status == 200
    assert answer.header("ETag") == '"0"'
    assert answer.json["lines"] == []
    assert answer.json["totals"]["total"] == {"amount": 0, "currency": "EUR"}
    assert answer.json["expiresAt"] == "2026-10-31T12:00:00.000Z"


async def test_adding_the_same_variant_twice_makes_one_line() -> None:
    caller = make_caller()

    await caller("POST", ITEMS, {"sku": BLUE, "quantity": 1})
    answer = await caller("POST", ITEMS, {"sku": BLUE, "quantity": 2})

    assert answer.status == 201
    [line] = answer.json["lines"]
    assert (line["quantity"], line["availability"]) == (3, "in_stock")
    assert line["imageUrl"].endswith("/images/iphone-15--blue.svg")
    assert answer.json["itemCount"] == 3
    assert answer.json["version"] == 2
    assert answer.header("ETag") == '"2"'


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        ({"sku": "NO-SUCH", "quantity": 1}, 404, "variant_not_found"),
        ({"sku": "iphone-15", "quantity": 1}, 404, "variant_not_found"),
        ({"sku": "WOM-MUS-TOT-001", "quantity": 1}, 404, "variant_not_found"),
        ({"sku": "IPHONE-14-128-BLACK", "quantity": 1}, 410, "product_gone"),
        ({"sku": SOLD_OUT, "quantity": 1}, 409, "insufficient_stock"),
        ({"sku": BLUE, "quantity": MAX_PER_LINE + 1}, 422, "quantity_limit"),
        ({"sku": BLUE, "quantity": 100}, 422, "validation_failed"),
        ({"sku": BLUE, "quantity": 0}, 422, "validation_failed"),
        ({"sku": BLUE, "quantity": "2"}, 422, "validation_failed"),
        ({"sku": BLUE, "quantity": 1.5}, 422, "validation_failed"),
        ({"sku": BLUE, "quantity": True}, 422, "validation_failed"),
        ({"sku": BLUE}, 422, "validation_failed"),
        ({"sku": BLUE, "quantity": 1, "price": 1}, 422, "validation_failed"),
        ([], 422, "validation_failed"),
    ],
)
async def test_what_cannot_be_added_is_refused_and_leaves_nothing(
    content: object, status: int, code: str
) -> None:
    caller = make_caller()

    answer = await caller("POST", ITEMS, content)

    assert (answer.status, answer.code) == (status, code)
    assert (await caller("GET", "/api/v1/basket")).json["version"] == 0


async def test_short_stock_says_how_many_can_still_be_added() -> None:
    caller = make_caller()
    await caller("POST", ITEMS, {"sku": SCARCE, "quantity": 2})

    answer = await caller("POST", ITEMS, {"sku": SCARCE, "quantity": 2})

    assert answer.json["available"] == 1
    assert (await caller("POST", ITEMS, {"sku": SCARCE, "quantity": 1})).status == 201


async def test_a_refusal_of_types_points_at_the_member() -> None:
    answer = await make_caller()("POST", ITEMS, {"sku": BLUE, "quantity": "two"})

    assert answer.json["errors"][0]["pointer"] == "/quantity"


async def test_a_member_that_stands_twice_is_refused() -> None:
    answer = await make_caller()("POST", ITEMS, b'{"sku": "A", "quantity": 1, "quantity": 9}')

    assert (answer.status, answer.code) == (422, "validation_failed")
    assert answer.json["errors"][0]["pointer"] == "/quantity"


async def test_a_change_must_name_the_version_it_changes() -> None:
    caller = make_caller()
    basket = (await caller("POST", ITEMS, {"sku": BLUE, "quantity": 1})).json
    path = f"{ITEMS}/{basket['lines'][0]['id']}"

    without = await caller("PATCH", path, {"quantity": 2})
    stale = await caller("PATCH", path, {"quantity": 2}, headers={"If-Match": '"0"'})
    weak = await caller("PATCH", path, {"quantity": 2}, headers={"If-Match": 'W/"1"'})
    fresh = await caller("PATCH", path, {"quantity": 2}, headers={"If-Match": '"1"'})

    assert (without.status, without.code) == (428, "precondition_required")
    assert (stale.status, stale.code) == (412, "basket_version_conflict")
    assert stale.json["currentVersion"] == 1
    assert weak.status == 412
    assert fresh.json["lines"][0]["quantity"] == 2


async def test_quantity_zero_and_delete_both_remove_the_line() -> None:
    caller = make_caller()
    await caller("POST", ITEMS, {"sku": BLUE, "quantity": 1})
    basket = (await caller("POST", ITEMS, {"sku": SCARCE, "quantity": 1})).json
    first, second = (f"{ITEMS}/{line['id']}" for line in basket["lines"])

    emptier = await caller("PATCH", first, {"quantity": 0}, headers={"If-Match": '"2"'})
    empty = await caller("DELETE", second, headers={"If-Match": '"3"'})
    again = await caller("DELETE", second, headers={"If-Match": '"4"'})

    assert [line["sku"] for line in emptier.json["lines"]] == [SCARCE]
    assert empty.json["lines"] == []
    assert (again.status, again.code) == (404, "basket_line_not_found")


async def test_clearing_needs_the_version_too() -> None:
    caller = make_caller()
    await caller("POST", ITEMS, {"sku": BLUE, "quantity": 1})

    assert (await caller("DELETE", "/api/v1/basket")).status == 428
    answer = await caller("DELETE", "/api/v1/basket", headers={"If-Match": '"1"'})
    assert (answer.status, answer.json["lines"], answer.json["version"]) == (200, [], 2)


async def test_the_line_of_another_shopper_does_not_exist() -> None:
    alice = make_caller()
    line = (await alice("POST", ITEMS, {"sku": BLUE, "quantity": 1})).json["lines"][0]["id"]
    mallory = {"X-Museo-User": "mallory", "If-Match": '"1"'}

    patched = await alice("PATCH", f"{ITEMS}/{line}", {"quantity": 9}, headers=mallory)
    deleted = await alice("DELETE", f"{ITEMS}/{line}", headers=mallory)

    assert (patched.status, patched.code) == (404, "basket_line_not_found")
    assert deleted.status == 404
    assert (await alice("GET", "/api/v1/basket")).json["lines"][0]["quantity"] == 1
    assert (await alice("GET", "/api/v1/basket", headers={"X-Museo-User": "mallory"})).json["lines"] == []


async def test_a_changed_price_is_told_until_the_line_is_changed() -> None:
    caller = make_caller()
    basket = (await caller("POST", ITEMS, {"sku": BLUE, "quantity": 1})).json
    _change(caller, BLUE, prices=[Money(89_900, "EUR"), Money(89_900, "USD")])

    for _ in range(2):  # a second reader must hear of it too
        read = (await caller("GET", "/api/v1/basket", headers={"Accept-Language": "de"})).json
        [notice] = read["notices"]
        assert (notice["code"], notice["lineId"]) == ("price_changed", basket["lines"][0]["id"])
        assert "949.00 EUR auf 899.00 EUR" in notice["detail"]
        assert read["lines"][0]["lineTotal"]["amount"] == 89_900

    path = f"{ITEMS}/{basket['lines'][0]['id']}"
    changed = await caller("PATCH", path, {"quantity": 2}, headers={"If-Match": '"1"'})
    assert changed.json["notices"] == []


async def test_a_quantity_that_the_stock_cannot_serve_any_more_is_lowered_and_told() -> None:
    caller = make_caller()
    await caller("POST", ITEMS, {"sku": BLUE, "quantity": 9})
    _change(caller, BLUE, stock=Stock(available=4))

    first = (await caller("GET", "/api/v1/basket")).json
    second = (await caller("GET", "/api/v1/basket")).json

    assert first["lines"][0]["quantity"] == 4
    assert first["lines"][0]["availability"] == "low_stock"
    assert first["notices"][0]["code"] == "quantity_reduced"
    assert "had 9" in first["notices"][0]["detail"]
    assert second == first
    assert first["version"] == 2


async def test_an_archived_product_stays_visible_and_costs_nothing() -> None:
    caller = make_caller()
    await caller("POST", ITEMS, {"sku": BLUE, "quantity": 2})
    await caller("POST", ITEMS, {"sku": "BEA-CHI-LIP-004", "quantity": 1})
    _set_status(caller, BLUE, "archived")

    basket = (await caller("GET", "/api/v1/basket")).json

    assert [line["availability"] for line in basket["lines"]] == ["unavailable", "in_stock"]
    assert basket["totals"]["subtotal"]["amount"] == 1299
    assert basket["itemCount"] == 1
    assert basket["notices"][0]["code"] == "line_unavailable"


async def test_a_currency_that_is_named_becomes_the_baskets() -> None:
    caller = make_caller()
    await caller("POST", ITEMS, {"sku": "BEA-CHI-LIP-004", "quantity": 1})

    in_dollars = (await caller("GET", "/api/v1/basket?currency=USD")).json
    later = (await caller("GET", "/api/v1/basket")).json

    assert in_dollars["lines"][0]["unitPrice"] == {"amount": 1416, "currency": "USD"}
    assert in_dollars["notices"] == []
    assert later == in_dollars
    assert (await caller("GET", "/api/v1/basket?currency=GBP")).code == "invalid_request"


async def test_a_basket_that_nobody_touched_for_thirty_days_is_gone() -> None:
    caller = make_caller()
    basket = (await caller("POST", ITEMS, {"sku": BLUE, "quantity": 1})).json
    caller.clock.advance(days=31)
    caller.token = caller.app.shop.issuer.issue(frozenset({"basket:read"}), caller.clock())

    later = (await caller("GET", "/api/v1/basket")).json

    assert later["id"] != basket["id"]
    assert (later["lines"], later["version"]) == ([], 0)


async def test_a_basket_has_a_ceiling_of_different_things() -> None:
    caller = make_caller()
    sellable = [
        variant.sku
        for item in caller.app.shop.shelf.active()
        for variant in item.master.variants
        if variant.stock.available
    ]
    for sku in sellable[:MAX_LINES]:
        assert (await caller("POST", ITEMS, {"sku": sku, "quantity": 1})).status == 201

    answer = await caller("POST", ITEMS, {"sku": sellable[MAX_LINES], "quantity": 1})

    assert (answer.code, answer.json["limit"]) == ("quantity_limit", MAX_LINES)


async def test_the_lines_alone_carry_the_version_too() -> None:
    caller = make_caller()
    await caller("POST", ITEMS, {"sku": BLUE, "quantity": 1})

    answer = await caller("GET", ITEMS)

    assert [line["sku"] for line in answer.json["items"]] == [BLUE]
    assert answer.header("ETag") == '"1"'


@pytest.mark.parametrize(
    ("subtotal", "shipping", "total", "tax"),
    [
        (0, 0, 0, 0),
        (1, 499, 500, 83),
        (4_999, 499, 5_498, 916),
        (5_000, 0, 5_000, 833),
        (12_000, 0, 12_000, 2_000),
    ],
)
def test_totals_contain_the_tax(subtotal: int, shipping: int, total: int, tax: int) -> None:
    cost = totals(subtotal, "EUR")

    assert (cost.shipping.amount, cost.total.amount, cost.tax.amount) == (shipping, total, tax)
    assert cost.tax_included


async def test_a_backorderable_variant_can_be_ordered_whatever_the_stock() -> None:
    caller = make_caller()
    _change(caller, SOLD_OUT, stock=Stock(available=0, backorderable=True))

    answer = await caller("POST", ITEMS, {"sku": SOLD_OUT, "quantity": 3})

    assert answer.json["lines"][0]["availability"] == "in_stock"
    assert (await caller("GET", "/api/v1/basket")).json["notices"] == []
