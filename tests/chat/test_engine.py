"""One message: understood, acted on, remembered, answered; and every way in which that can fail."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
import trio

from museod.access.principal import Principal, Role, principal
from museod.chat.engine import Engine
from museod.chat.messages import ErrorFrame, MessageFrame, ProgressFrame, ResponseFrame, ServerFrame
from museod.chat.phrases import LANGUAGES
from museod.errors import (
    ApiFailed,
    CallTimeout,
    ChildLost,
    ChildUnavailable,
    RateLimited,
    StoreUnavailable,
)
from tests.fakes.conversations import FakeStores
from tests.fakes.tools import (
    Answer,
    FakeTools,
    HangingTools,
    analysis,
    basket,
    basket_line,
    iphone_15,
    item,
    phones,
    refused_by,
)

ALICE = principal("alice", Role.CUSTOMER)
ADMIN = principal("root", Role.ADMIN)


def message(text: str, *, id: str = "", user: str = "alice", locale: str = "en", **more: Any) -> MessageFrame:
    more.setdefault("client_type", "web-storefront")
    return MessageFrame(user_id=user, message=text, locale=locale, id=id or msgspec.UNSET, **more)


def cards(frame: ResponseFrame) -> list[dict[str, Any]]:
    assert frame.data is not msgspec.UNSET
    found: list[dict[str, Any]] = frame.data["cards"]
    return found


def labels(frame: ResponseFrame) -> list[str]:
    return [] if frame.suggestions is msgspec.UNSET else [one.label for one in frame.suggestions]


class Talk:
    """A conversation of one person with an engine over fakes."""

    def __init__(self, tools: FakeTools, caller: Principal = ALICE, **options: Any) -> None:
        self.tools = tools
        self.stores = FakeStores()
        self.caller = caller
        self.now = 1_800_000_000.0
        self.engine = Engine(tools, self.stores.as_stores(), clock=lambda: self.now, **options)

    async def say(self, text: str, meant: Answer | None = None, **more: Any) -> ResponseFrame:
        frame = await self.send(text, meant, **more)
        assert isinstance(frame, ResponseFrame), frame
        return frame

    async def fail(self, text: str, meant: Answer | None = None, **more: Any) -> ErrorFrame:
        frame = await self.send(text, meant, **more)
        assert isinstance(frame, ErrorFrame), frame
        return frame

    async def send(self, text: str, meant: Answer | None = None, **more: Any) -> ServerFrame:
        if meant is not None:
            self.tools.answers["analyze_intent"] = meant
        return await self.engine.answer(message(text, **more), self.caller)


def shop(**answers: Any) -> FakeTools:
    """A shop that knows iPhones, and whose basket takes what it is given."""

    def add(arguments: dict[str, Any]) -> dict[str, Any]:
        line = basket_line(arguments["sku"], "iPhone 15", arguments["quantity"], 94900)
        return {"added": line, "basket": basket(line)}

    table: dict[str, Any] = {
        "search_products": {"items": phones(), "total": 3, "next": None},
        "get_product_info": {"product": iphone_15()},
        "add_to_basket": add,
        "get_basket": {"basket": basket(basket_line("IPHONE-15-128-BLACK", "iPhone 15", 2, 94900))},
    }
    return FakeTools(**{**table, **answers})


async def test_do_you_have_a_phone_names_its_variants_with_prices_and_stock() -> None:
    talk = Talk(shop())
    answer = await talk.say("Do you have iPhone 15?", analysis("product.search", query="iPhone 15"))
    assert "128 GB, Black: €949.00, 25 in stock" in answer.message
    assert "512 GB, Black: €1,209.00, sold out" in answer.message
    assert "iPhone 15 Plus" in answer.message
    variants = cards(answer)[0]["items"][0]["variants"]
    assert variants[0]["sku"] == "IPHONE-15-128-BLACK"
    assert variants[4]["availability"] == "sold_out"
    assert [use.name for use in answer.metadata.tools] == [
        "analyze_intent",
        "search_products",
        "get_product_info",
    ]


async def test_a_later_message_puts_the_variant_it_means_into_the_basket() -> None:
    talk = Talk(shop())
    await talk.say("Do you have iPhone 15?", analysis("product.search", query="iPhone 15"))
    meant = analysis("basket.add", quantity=2, product="128 GB black one")
    answer = await talk.say("Add two of the 128 GB black one to my basket", meant)
    assert talk.tools.called("add_to_basket") == [
        {"quantity": 2, "locale": "en", "sku": "IPHONE-15-128-BLACK"}
    ]
    assert "2 × iPhone 15, €949.00 each" in answer.message
    assert "€1,898.00" in answer.message
    shown = await talk.say("what is in my basket?", analysis("basket.view"))
    assert "2 × iPhone 15: €1,898.00" in shown.message
    assert cards(shown)[0]["total"]["amount"] == 189800


async def test_an_open_choice_is_answered_without_asking_what_was_meant() -> None:
    choice = {"needsChoice": {"axis": "storage", "values": ["128 GB", "256 GB"]}}
    line = basket_line("IPHONE-15-256-BLUE", "iPhone 15", 1, 107900)
    talk = Talk(shop(add_to_basket=choice))
    asked = await talk.say("add a blue iPhone 15", analysis("basket.add", product="iPhone 15", color="blue"))
    assert "Which storage" in asked.message
    assert asked.metadata.awaiting is not msgspec.UNSET
    assert asked.metadata.awaiting["kind"] == "option"
    talk.tools.answers["add_to_basket"] = {"added": line, "basket": basket(line)}
    before = len(talk.tools.called("analyze_intent"))
    answer = await talk.say("256 please")
    assert talk.tools.called("add_to_basket")[-1]["options"] == {"color": "blue", "storage": "256 GB"}
    assert answer.metadata.method == "context"
    assert len(talk.tools.called("analyze_intent")) == before


async def test_a_change_of_topic_drops_the_open_choice() -> None:
    choice = {"needsChoice": {"axis": "storage", "values": ["128 GB", "256 GB"]}}
    talk = Talk(shop(add_to_basket=choice))
    await talk.say("add an iPhone 15", analysis("basket.add", product="iPhone 15"))
    await talk.say("what is in my basket?", analysis("basket.view"))
    assert talk.stores.conversation("alice").context.pending is None
    await talk.say("256", analysis("other", 0.9))
    assert len(talk.tools.called("add_to_basket")) == 1


async def test_small_talk_leaves_an_open_choice_open() -> None:
    choice = {"needsChoice": {"axis": "storage", "values": ["128 GB", "256 GB"]}}
    talk = Talk(shop(add_to_basket=choice))
    await talk.say("add an iPhone 15", analysis("basket.add", product="iPhone 15"))
    await talk.say("thanks", analysis("thanks"))
    await talk.say("the 256 one")
    assert talk.tools.called("add_to_basket")[-1]["options"] == {"storage": "256 GB"}


async def test_an_open_choice_is_forgotten_after_half_an_hour() -> None:
    choice = {"needsChoice": {"axis": "storage", "values": ["128 GB", "256 GB"]}}
    talk = Talk(shop(add_to_basket=choice))
    await talk.say("add an iPhone 15", analysis("basket.add", product="iPhone 15"))
    talk.now += 1801
    await talk.say("256", analysis("other"))
    assert len(talk.tools.called("add_to_basket")) == 1


async def test_short_stock_offers_what_is_left_and_a_yes_takes_it() -> None:
    talk = Talk(shop())
    await talk.say("iPhone 15?", analysis("product.info", product="iPhone 15"))
    talk.tools.answers["add_to_basket"] = refused_by(
        ApiFailed("Only 3 left.", data={"apiCode": "insufficient_stock"}), available=3
    )
    asked = await talk.say("add 9 of the 512 blue", analysis("basket.add", quantity=9))
    assert "Only 3 of iPhone 15 (512 GB, Blue) are left" in asked.message
    line = basket_line("IPHONE-15-512-BLUE", "iPhone 15", 3, 120900)
    talk.tools.answers["add_to_basket"] = {"added": line, "basket": basket(line)}
    answer = await talk.say("yes please")
    assert talk.tools.called("add_to_basket")[-1]["quantity"] == 3
    assert talk.tools.called("add_to_basket")[-1]["sku"] == "IPHONE-15-512-BLUE"
    assert "3 × iPhone 15" in answer.message


async def test_show_more_continues_the_list_at_its_cursor() -> None:
    talk = Talk(shop(search_products={"items": phones(), "total": 7, "next": "c2"}))
    first = await talk.say("phones", analysis("product.search", query="phones"))
    assert labels(first) == ["Show more"]
    talk.tools.answers["search_products"] = {"items": [item("px", "iPhone X", 89900)], "next": None}
    more = await talk.say("Show more")
    assert talk.tools.called("search_products")[-1]["cursor"] == "c2"
    assert "iPhone X" in more.message


async def test_an_unknown_name_is_searched_for() -> None:
    talk = Talk(shop(get_product_info=refused_by(ApiFailed("no", data={"apiCode": "product_not_found"}))))
    answer = await talk.say("tell me about the fone 15", analysis("product.info", product="fone 15"))
    assert talk.tools.called("search_products")[-1]["query"] == "fone 15"
    assert "iPhone 15" in answer.message


async def test_a_search_that_was_widened_still_looks_at_the_one_product_that_was_meant() -> None:
    def search(asked: dict[str, Any]) -> dict[str, Any]:
        return {"items": [] if "filters" in asked else phones(), "next": None}

    talk = Talk(shop(search_products=search))
    answer = await talk.say("blue iPhone 15", analysis("product.search", query="iPhone 15", color="blue"))
    assert "256 GB, Blue: €1,079.00" in answer.message
    assert [use.name for use in answer.metadata.tools][1:] == [
        "search_products",
        "search_products",
        "get_product_info",
    ]


async def test_a_failed_second_look_still_answers_from_the_first() -> None:
    talk = Talk(shop(get_product_info=ChildUnavailable("down", retry_after=1, data={"mcp": "storefront"})))
    answer = await talk.say("Do you have iPhone 15?", analysis("product.search", query="iPhone 15"))
    assert "1. iPhone 15: from €949.00, in stock" in answer.message


async def test_a_message_sent_again_gets_its_first_answer_and_does_nothing_twice() -> None:
    talk = Talk(shop())
    await talk.say("iPhone 15?", analysis("product.info", product="iPhone 15"))
    meant = analysis("basket.add", quantity=1)
    first = await talk.say("add the 128 black", meant, id="m1")
    again = await talk.say("add the 128 black", meant, id="m1")
    assert again == first
    assert len(talk.tools.called("add_to_basket")) == 1
    other = await talk.say("add the 256 black", meant, id="m1")
    assert other.metadata.turn_id != first.metadata.turn_id
    assert len(talk.tools.called("add_to_basket")) == 2


async def test_an_uncertain_write_sent_again_is_not_done_again() -> None:
    lost = ChildLost("gone", retry_after=0.8, data={"mcp": "storefront"})
    talk = Talk(shop(add_to_basket=lost))
    await talk.say("iPhone 15?", analysis("product.info", product="iPhone 15"))
    first = await talk.fail("add the 128 black", analysis("basket.add"), id="m1")
    assert first.code == -32000
    assert "do not know whether it was done" in first.message
    assert await talk.fail("add the 128 black", id="m1") == first
    assert len(talk.tools.called("add_to_basket")) == 1


async def test_every_turn_has_an_id_of_its_own_that_children_are_told() -> None:
    talk = Talk(shop())
    one = await talk.say("basket", analysis("basket.view"), conversation_id="c1")
    two = await talk.say("basket", analysis("basket.view"), conversation_id="c1")
    assert one.metadata.turn_id != two.metadata.turn_id
    assert [turn.turn_id for turn in talk.tools.turns] == [one.metadata.turn_id] * 2 + [
        two.metadata.turn_id
    ] * 2
    assert talk.tools.turns[0].conversation_id == one.metadata.conversation_id == "c1"
    assert talk.tools.turns[0].client_type == "web-storefront"


async def test_a_conversation_keeps_the_id_that_was_minted_for_it() -> None:
    talk = Talk(shop())
    one = await talk.say("hello", analysis("greeting"))
    two = await talk.say("thanks", analysis("thanks"))
    assert one.metadata.conversation_id == two.metadata.conversation_id != ""


async def test_the_analysis_is_given_the_last_turns() -> None:
    talk = Talk(shop())
    await talk.say("hello there", analysis("greeting"))
    await talk.say("thanks a lot", analysis("thanks"))
    history = talk.tools.called("analyze_intent")[-1]["context"]
    assert history[0] == {"role": "user", "content": "hello there", "intent": "greeting"}
    assert history[1]["role"] == "assistant"


async def test_messages_of_one_user_take_turns_and_of_two_users_do_not() -> None:
    tools = HangingTools("get_basket", analyze_intent=analysis("basket.view"))
    talk = Talk(tools, lock_seconds=0.05)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(talk.engine.answer, message("basket"), ALICE)
        with trio.fail_after(5):
            await tools.asked.wait()
        busy = await talk.fail("hello", analysis("greeting"))
        assert busy.code == -32003
        assert busy.retry_after_ms is not msgspec.UNSET
        bob = principal("bob", Role.CUSTOMER)
        free = await talk.engine.answer(message("hello", user="bob"), bob)
        assert isinstance(free, ResponseFrame)
        nursery.cancel_scope.cancel()


@pytest.mark.parametrize(
    ("error", "code", "says"),
    [
        (ChildUnavailable("x", retry_after=0.8, data={"mcp": "intent"}), -32000, "intent"),
        (ChildLost("x", retry_after=0.8, data={"mcp": "intent"}), -32000, "restarting"),
        (CallTimeout("x", retry_after=0.8, data={"mcp": "intent"}), -32000, "try again"),
        (RateLimited("x", retry_after=7), -32003, "7 seconds"),
        (ApiFailed("x"), -32001, "shop does not answer"),
    ],
)
async def test_a_failing_analysis_is_an_error_frame_with_a_remedy(error: Any, code: int, says: str) -> None:
    talk = Talk(FakeTools())
    frame = await talk.fail("hello", error, id="m1")
    assert (frame.code, frame.id) == (code, "m1")
    assert says in frame.message
    assert frame.metadata.correlation_id


async def test_errors_speak_the_language_of_the_message() -> None:
    talk = Talk(FakeTools())
    frame = await talk.fail("hallo", ApiFailed("x"), locale="de-AT")
    assert "Shop" in frame.message
    assert frame.message != (await talk.fail("hello", ApiFailed("x"))).message


async def test_an_api_failure_inside_a_tool_is_an_api_error() -> None:
    talk = Talk(shop(get_basket=refused_by(ApiFailed("The shop does not answer.", retry_after=3))))
    frame = await talk.fail("basket", analysis("basket.view"))
    assert (frame.code, frame.retry_after_ms) == (-32001, 3000)
    assert frame.metadata.kind == "api_error"


async def test_a_result_of_the_wrong_shape_is_our_error_and_shows_no_details() -> None:
    talk = Talk(shop(get_basket={"basket": {"lines": [{"quantity": "many"}]}}))
    frame = await talk.fail("basket", analysis("basket.view"))
    assert frame.code == -32603
    assert "KeyError" not in frame.message
    assert frame.metadata.correlation_id in frame.message


async def test_admin_lists_are_for_admins_whatever_the_client_type_says() -> None:
    products: dict[str, Any] = {"items": [], "next": None}
    talk = Talk(shop(list_products=products))
    refused = await talk.fail("list drafts", analysis("admin.product.list"), client_type="web-admin")
    assert refused.code == -32002
    assert talk.tools.called("list_products") == []
    admin = Talk(shop(list_products=products), ADMIN)
    answer = await admin.say("list drafts", analysis("admin.product.list", status="draft"))
    assert admin.tools.called("list_products") == [{"limit": 20, "status": ["draft"]}]
    assert answer.message == "No products match."


@pytest.mark.parametrize("intent", ["checkout.pay", "basket.remove", "human.handover", "order.status"])
async def test_what_has_no_tool_is_declined_with_what_can_be_done(intent: str) -> None:
    talk = Talk(shop())
    answer = await talk.say("please", analysis(intent))
    assert "yet" in answer.message
    assert "search products" in answer.message


async def test_without_the_tool_for_questions_the_products_facts_are_told() -> None:
    tools = shop(get_product_info={"product": {**iphone_15(), "attributes": {"connector": "USB-C"}}})
    talk = Talk(tools)
    await talk.say("iPhone 15?", analysis("product.info", product="iPhone 15"))
    answer = await talk.say("does it have USB-C?", analysis("product.question", reference="it"))
    assert "cannot judge that here yet" in answer.message
    assert "connector: USB-C" in answer.message
    asked = await Talk(tools).say("does it have USB-C?", analysis("product.question"))
    assert "Which product" in asked.message


async def test_a_core_tool_that_vanished_is_a_failure_and_no_lack() -> None:
    tools = shop()
    del tools.answers["get_basket"]
    frame = await Talk(tools).fail("basket", analysis("basket.view"))
    assert frame.code == -32000


async def test_an_unsure_analysis_asks_with_alternatives() -> None:
    talk = Talk(shop())
    meant = {
        **analysis("basket.view", 0.3),
        "alternatives": [
            {"intent": "product.search", "confidence": 0.2},
            {"intent": "admin.product.list", "confidence": 0.1},
        ],
    }
    answer = await talk.say("hmm", meant)
    assert labels(answer) == ["Show my basket", "Search products"]


@pytest.mark.parametrize(("answer", "tool"), [("1", "get_basket"), ("Show my basket", "get_basket")])
async def test_what_was_offered_to_the_unsure_can_be_taken_by_number_or_name(answer: str, tool: str) -> None:
    talk = Talk(shop())
    await talk.say("hmm", analysis("basket.view", 0.3))
    await talk.say(answer, analysis("other"))
    assert len(talk.tools.called(tool)) == 1
    assert len(talk.tools.called("analyze_intent")) == 1


@pytest.mark.parametrize("locale", LANGUAGES)
async def test_a_suggestion_of_ours_is_understood_in_every_language(locale: str) -> None:
    talk = Talk(shop())
    for place in range(3):
        offered = await talk.say("?", analysis("greeting"), locale=locale)
        assert offered.suggestions is not msgspec.UNSET
        suggestion = offered.suggestions[place]
        answer = await talk.say(suggestion.message, analysis("other"), locale=locale)
        assert answer.metadata.method == "context"
        await talk.say("?", analysis("greeting"), locale=locale)
        answer = await talk.say(suggestion.label, analysis("other"), locale=locale)
        assert answer.metadata.method == "context"
    assert len(talk.tools.called("analyze_intent")) == 6


async def test_words_that_were_not_offered_are_analysed_like_any_others() -> None:
    talk = Talk(shop())
    await talk.say("What is in my basket?", analysis("basket.view"))
    assert len(talk.tools.called("analyze_intent")) == 1


async def test_a_turn_that_takes_too_long_is_cut_and_answered(autojump_clock: trio.testing.MockClock) -> None:
    tools = HangingTools("get_basket", analyze_intent=analysis("basket.view"))
    talk = Talk(tools, turn_seconds=30)
    frame = await talk.fail("basket")
    assert frame.code == -32000
    assert tools.was_cancelled
    assert trio.current_time() == 30


async def test_cancelling_an_answer_cancels_its_tool_and_frees_the_user() -> None:
    tools = HangingTools("get_basket", analyze_intent=analysis("basket.view"))
    talk = Talk(tools)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(talk.engine.answer, message("basket"), ALICE)
        with trio.fail_after(5):
            await tools.asked.wait()
        nursery.cancel_scope.cancel()
    assert tools.was_cancelled
    with trio.fail_after(5):
        await talk.say("hello", analysis("greeting"))


async def test_a_store_that_cannot_load_is_named_and_retried_later() -> None:
    talk = Talk(shop())
    talk.stores.load_error = StoreUnavailable("away")
    frame = await talk.fail("hello", analysis("greeting"))
    assert (frame.code, frame.retry_after_ms) == (-32000, 2000)


async def test_an_answer_is_given_even_if_it_cannot_be_remembered() -> None:
    talk = Talk(shop())
    talk.stores.save_error = StoreUnavailable("away", maybe_done=True)
    assert (await talk.say("hello", analysis("greeting"))).message.startswith("Hello")


async def test_a_lost_turn_is_an_error() -> None:
    talk = Talk(shop())
    talk.stores.is_turn_lost = True
    assert (await talk.fail("hello", analysis("greeting"))).code == -32000


async def test_progress_names_the_stages_in_the_callers_language() -> None:
    talk = Talk(shop(analyze_intent=analysis("basket.view")))
    frames: list[ServerFrame] = []
    await talk.engine.answer(message("cesta", id="m1", locale="es"), ALICE, frames.append)
    assert [frame.stage for frame in frames if isinstance(frame, ProgressFrame)] == [
        "understanding",
        "basket",
    ]
    assert all(frame.text for frame in frames if isinstance(frame, ProgressFrame))


async def test_a_caller_without_identity_is_asked_to_sign_in() -> None:
    talk = Talk(shop(), Principal(sub="", role=Role.GUEST))
    assert (await talk.fail("hello")).code == -32002


async def test_two_people_share_nothing() -> None:
    tools = shop()
    talk = Talk(tools)
    await talk.say("iPhone 15?", analysis("product.info", product="iPhone 15"))
    talk.caller = principal("bob", Role.CUSTOMER)
    answer = await talk.say("add it", analysis("basket.add"), user="bob")
    assert "Which product" in answer.message
    assert tools.called("add_to_basket") == []
