"""The tools of the administration server."""

from __future__ import annotations

from pathlib import Path

from mcps.admin import creating, deleting, listing, updating
from mcps.admin.creating import CreateArguments
from mcps.admin.deleting import DeleteArguments
from mcps.admin.importing import ImportArguments, Importer
from mcps.admin.listing import ListArguments
from mcps.admin.shop import Shop
from mcps.admin.updating import UpdateArguments
from mcps.admin.uploads import UploadShelf
from mcps.kit.context import Context
from mcps.kit.tool import Reply, Tool, read_definitions, tool

DEFINITIONS = read_definitions(Path(__file__).with_name("tools.json"))
# Below the gateway's own deadline of this tool (museod.toml, call_timeouts).
IMPORT_SECONDS = 290.0


def admin_tools(shop: Shop, *, uploads: Path | None = None, currency: str = "EUR") -> list[Tool]:
    """
    The tools, working on `shop`.

    Args:
        uploads: where the daemon keeps files of its callers; None: only texts can be imported.
        currency: of imported prices that name none.
    """
    importer = Importer(shop, UploadShelf(uploads), currency)

    @tool(DEFINITIONS["create_product"])
    async def create_product(arguments: CreateArguments, context: Context) -> Reply:
        return await creating.create(shop, arguments, context)

    @tool(DEFINITIONS["create_from_file"], timeout=IMPORT_SECONDS)
    async def create_from_file(arguments: ImportArguments, context: Context) -> Reply:
        return await importer.run(arguments, context)

    @tool(DEFINITIONS["list_products"])
    async def list_products(arguments: ListArguments, context: Context) -> Reply:
        return await listing.show(shop, arguments, context)

    @tool(DEFINITIONS["update_product"])
    async def update_product(arguments: UpdateArguments, context: Context) -> Reply:
        return await updating.update(shop, arguments, context)

    @tool(DEFINITIONS["delete_product"])
    async def delete_product(arguments: DeleteArguments, context: Context) -> Reply:
        return await deleting.delete(shop, arguments, context)

    return [create_product, create_from_file, list_products, update_product, delete_product]
