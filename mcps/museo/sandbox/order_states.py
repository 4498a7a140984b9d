"""
What an order can become, and when it does so by itself, as tables. Pure.

A paid order moves on by the clock alone, each step a fixed time after the payment, so that a test that moves
the clock knows what it will see.
"""

from __future__ import annotations

from dataclasses import dataclass

from mcps.museo.models import OrderStatus, ShipmentStatus

LINK_SECONDS = 1_800.0  # half an hour to pay: longer holds goods that others want
_HOUR = 3_600.0

MOVES: dict[OrderStatus, tuple[OrderStatus, ...]] = {
    "pending_payment": ("paid", "cancelled", "expired"),
    "paid": ("processing", "cancelled", "refunded"),
    "processing": ("shipped", "cancelled", "refunded"),
    "shipped": ("delivered", "refunded"),
    "delivered": ("refunded",),
    "cancelled": (),
    "expired": (),
    "refunded": (),
}

# A status that an order leaves unpaid gives back what was held for it.
UNPAID_ENDS = frozenset({"cancelled", "expired"})


@dataclass(frozen=True, slots=True)
class Step:
    """What happens to a paid order `seconds` after its payment."""

    seconds: float
    status: OrderStatus
    shipment: ShipmentStatus | None = None


STEPS = (
    Step(120.0, "processing", "label_created"),
    Step(2 * _HOUR, "shipped", "in_transit"),
    Step(26 * _HOUR, "shipped", "out_for_delivery"),
    Step(30 * _HOUR, "delivered", "delivered"),
)


def next_step(done: int) -> Step | None:
    """The step after `done` of them."""
    return STEPS[done] if done < len(STEPS) else None


def steps_before(status: OrderStatus) -> int:
    """How many steps an order has behind it that was moved to a status by hand."""
    return max((number for number, step in enumerate(STEPS, 1) if step.status == status), default=0)
