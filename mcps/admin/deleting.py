"""delete_product: one product leaves the shop; orders keep their copy, and it can be brought back."""

from __future__ import annotations

from msgspec import Struct

from mcps.admin.finding import find
from mcps.admin.listing import row, title
from mcps.admin.refusals import RIGHT
from mcps.admin.shop import Shop
from mcps.admin.updating import told
from mcps.kit.confirmation import ConfirmationRequired
from mcps.kit.context import Context
from mcps.kit.tool import Reply
from mcps.museo.errors import ApiRejected


class DeleteArguments(Struct, rename="camel"):
    """What delete_product takes."""

    product: str
    expected_version: int | None = None


async def delete(shop: Shop, arguments: DeleteArguments, context: Context) -> Reply:
    """
    Archive one product after a yes.

    Raises:
        Unauthenticated, Forbidden: the caller is no administrator.
        InvalidArguments: several match, or all are meant.
        ConfirmationRequired: nobody has said yes; nothing was done.
        Refusal: there is no such product, or somebody else has changed it meanwhile.
    """
    actor = context.caller.require_admin(RIGHT)
    locale = context.locale()
    master = (await find(shop, arguments.product, locale)).master
    name = title(master, locale)
    shown = row(master, locale)
    if master.status == "archived":
        return Reply({"product": shown, "needsConfirmation": False}, f"{name} is already archived.")
    version = arguments.expected_version or master.version
    if not context.is_confirmed:
        skus = ", ".join(shown["skus"][:5]) + (" …" if len(shown["skus"]) > 5 else "")
        raise ConfirmationRequired(
            f"Archive {name} ({skus})? It disappears from the shop; orders stay.",
            tool="delete_product",
            # For this very product as it is now, whatever was said to find it.
            arguments={"product": master.id, "expectedVersion": version},
            preview={"product": shown},
        )
    try:
        archived = await shop.admin_delete(master.id, version=version, actor=actor)
    except ApiRejected as error:
        raise await told(shop, error, master, locale) from None
    text = (
        f"Archived {name}. It is no longer in the shop; set its status to draft or active to bring it back."
    )
    return Reply({"product": row(archived, locale), "needsConfirmation": False}, text)
