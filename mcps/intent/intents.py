"""The intents, and which kinds of client may mean which."""

from __future__ import annotations

from enum import StrEnum


class Intent(StrEnum):
    """What a message asks for."""

    PRODUCT_SEARCH = "product.search"
    PRODUCT_INFO = "product.info"
    PRODUCT_QUESTION = "product.question"
    BASKET_ADD = "basket.add"
    BASKET_VIEW = "basket.view"
    BASKET_REMOVE = "basket.remove"
    BASKET_UPDATE = "basket.update"
    CHECKOUT_PAY = "checkout.pay"
    ORDER_STATUS = "order.status"
    ADMIN_CREATE = "admin.product.create"
    ADMIN_IMPORT = "admin.product.import"
    ADMIN_LIST = "admin.product.list"
    ADMIN_UPDATE = "admin.product.update"
    ADMIN_DELETE = "admin.product.delete"
    NOTIFY_SEND = "notify.send"
    GREETING = "greeting"
    HELP = "help"
    THANKS = "thanks"
    GOODBYE = "goodbye"
    HUMAN_HANDOVER = "human.handover"
    OTHER = "other"

    @property
    def is_admin(self) -> bool:
        """Whether it concerns the shop's administration."""
        return self.value.startswith("admin.")


# Channels on which shoppers write. What an administrator says there is still a shopper's sentence.
SHOPPER_CLIENTS = frozenset({"web-storefront", "whatsapp", "instagram", "mobile"})
ADMIN_CLIENT = "web-admin"


def may_mean(intent: Intent, client_type: str) -> bool:
    """
    Whether a message from this kind of client can have this intent.

    It grants nothing: who may do what is judged by role, at the gateway and in the tool.
    """
    return not (intent.is_admin and client_type in SHOPPER_CLIENTS)
