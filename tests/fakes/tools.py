"""Tools as the conversation sees them: scripted answers in the shapes of the tool contract."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
import trio
from msgspec import Raw

from museod.access.principal import Principal
from museod.errors import CallError, ToolNotFound
from museod.gateway.confirm import Confirmed
from museod.gateway.router import Reply, Turn
from museod.wire.tools import failed_result

Arguments = dict[str, Any]
Answer = Mapping[str, Any] | CallError | Callable[[Arguments], Any]


class Refused(dict[str, Any]):
    """Structured content of a result with isError."""


class FakeTools:
    """
    Answers calls from a table: structured content, `Refused` content, an error to raise, or a function.

    `calls` records (tool, arguments), `turns` what each call was told of its turn.
    """

    def __init__(self, **answers: Answer) -> None:
        self.answers: dict[str, Answer] = dict(answers)
        self.calls: list[tuple[str, Arguments]] = []
        self.turns: list[Turn] = []
        self.callers: list[Principal] = []
        self.confirmed: list[tuple[str, Confirmed | None]] = []

    async def call(
        self,
        tool: str,
        arguments: bytes | Raw,
        caller: Principal,
        *,
        turn: Turn = Turn(),  # noqa: B008 - immutable
        meta: Raw | None = None,
        on_progress: object = None,
        confirmed: Confirmed | None = None,
    ) -> Reply:
        plain = msgspec.json.decode(arguments)
        self.calls.append((tool, plain))
        self.turns.append(turn)
        self.callers.append(caller)
        if confirmed is not None:
            assert confirmed.fits(tool, arguments, caller)
        self.confirmed.append((tool, confirmed))
        await trio.lowlevel.checkpoint()
        if tool not in self.answers:
            raise ToolNotFound(f"There is no tool {tool!r}.")
        answer = self.answers[tool]
        if callable(answer) and not isinstance(answer, CallError):
            answer = answer(plain)
        if isinstance(answer, CallError):
            raise answer
        return Reply(Raw(_result(answer)), child="fake", seconds=0.012)

    def offers(self, tool: str, caller: Principal) -> bool:
        """Whether the table has the tool."""
        return tool in self.answers

    def called(self, tool: str) -> list[Arguments]:
        """The arguments of every call of `tool`."""
        return [arguments for name, arguments in self.calls if name == tool]


def _result(structured: Mapping[str, Any]) -> bytes:
    return msgspec.json.encode(
        {
            "content": [{"type": "text", "text": "…"}],
            "structuredContent": dict(structured),
            "isError": isinstance(structured, Refused),
        }
    )


def refused_by(error: CallError, **data: Any) -> Refused:
    """What the kit makes of a `CallError` that a tool raised."""
    structured = msgspec.json.decode(failed_result(error))["structuredContent"]
    return Refused({**structured, **data})


class HangingTools(FakeTools):
    """Never answers the tools that are named; tells when one of them was asked."""

    def __init__(self, *hanging: str, **answers: Answer) -> None:
        super().__init__(**answers)
        self.hanging = set(hanging)
        self.asked = trio.Event()
        self.was_cancelled = False

    async def call(self, tool: str, *args: Any, **options: Any) -> Reply:
        if tool not in self.hanging:
            return await super().call(tool, *args, **options)
        self.calls.append((tool, msgspec.json.decode(args[0])))
        self.asked.set()
        try:
            await trio.sleep_forever()
        except trio.Cancelled:
            self.was_cancelled = True
            raise
        raise AssertionError("unreachable")


# ---- answers in the shapes of the contract


def money(amount: int, currency: str = "EUR") -> dict[str, Any]:
    return {"amount": amount, "currency": currency}


def analysis(intent: str, confidence: float = 0.95, **entities: Any) -> dict[str, Any]:
    return {
        "intent": intent,
        "confidence": confidence,
        "entities": entities,
        "alternatives": [],
        "method": "pattern",
    }


def item(product_id: str, title: str, amount: int, **more: Any) -> dict[str, Any]:
    return {"productId": product_id, "title": title, "price": money(amount), "inStock": True, **more}


def variant(storage: str, color: str, amount: int, available: int) -> dict[str, Any]:
    number = storage.split()[0]
    return {
        "sku": f"IPHONE-15-{number}-{color.upper()}",
        "options": {"storage": storage, "color": color},
        "price": money(amount),
        "available": available,
    }


def iphone_15() -> dict[str, Any]:
    """A product with two axes, one sold-out variant and one with little left."""
    return {
        **item("p15", "iPhone 15", 94900, priceMax=money(120900), slug="iphone-15", brand="Apple"),
        "variants": [
            variant("128 GB", "Black", 94900, 25),
            variant("128 GB", "Blue", 94900, 25),
            variant("256 GB", "Black", 107900, 25),
            variant("256 GB", "Blue", 107900, 25),
            variant("512 GB", "Black", 120900, 0),
            variant("512 GB", "Blue", 120900, 3),
        ],
    }


def phones() -> list[dict[str, Any]]:
    return [
        item("p15", "iPhone 15", 94900, priceMax=money(120900), slug="iphone-15"),
        item("p15plus", "iPhone 15 Plus", 109900, priceMax=money(135900)),
        item("p15pro", "iPhone 15 Pro", 119900, priceMax=money(145900)),
    ]


def basket_line(sku: str, title: str, quantity: int, amount: int) -> dict[str, Any]:
    return {
        "lineId": f"line-{sku}",
        "sku": sku,
        "title": title,
        "quantity": quantity,
        "unitPrice": money(amount),
        "lineTotal": money(amount * quantity),
        "availability": "in_stock",
    }


def basket(*lines: dict[str, Any], notices: tuple[str, ...] = ()) -> dict[str, Any]:
    total = sum(line["lineTotal"]["amount"] for line in lines)
    return {
        "basketId": "b1",
        "version": 1,
        "itemCount": sum(line["quantity"] for line in lines),
        "lines": list(lines),
        "total": money(total),
        "notices": list(notices),
    }
