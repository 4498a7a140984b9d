"""Product pictures, drawn here: a glyph for the shelf, a colour for the variant, nothing from elsewhere."""

from __future__ import annotations

import hashlib
import html
import re
from functools import cache
from importlib import resources

import msgspec

from mcps.museo.sandbox import ids, texts
from mcps.museo.sandbox.calls import Call, Route
from mcps.museo.sandbox.items import Item
from mcps.museo.sandbox.problems import ProblemError
from mcps.museo.sandbox.shop import Shop
from museod.transports.http1 import HttpResponse

_FILE = re.compile(r"(?P<slug>[a-z0-9]+(?:-[a-z0-9]+)*)(?:--(?P<colour>[a-z0-9-]{1,40}))?\.svg")
CACHE = "public, max-age=86400"

# Colour words of options and titles; the first one found decides.
_COLOURS = {
    "natural-titanium": "#a39c92",
    "blue-titanium": "#3f4d5e",
    "black-titanium": "#3b3a39",
    "black": "#2b2d31",
    "blue": "#6f9fc8",
    "pink": "#e9a6b4",
    "green": "#7fb08a",
    "red": "#c8473f",
    "white": "#e4e4e0",
    "grey": "#8d9096",
    "gray": "#8d9096",
    "gold": "#cfae62",
    "golden": "#cfae62",
    "silver": "#b9bdc2",
    "yellow": "#e3c04f",
    "brown": "#8a6244",
    "plum": "#6f4a6c",
    "starlight": "#e8e0d2",
    "wooden": "#a9825a",
    "bamboo": "#c6b27a",
}


@cache
def _glyphs() -> dict[str, str]:
    """Shapes on a 400 x 400 field, by name; {c} is the colour, {d} a darker one for lines."""
    source = resources.files(__package__).joinpath("glyphs.json").read_bytes()
    return msgspec.json.decode(source, type=dict[str, str])


def get_picture(shop: Shop, call: Call) -> HttpResponse:
    """The picture of a product, in the colour that the file name asks for."""
    match = _FILE.fullmatch(call.parameters["file"])
    item = shop.shelf.get(match["slug"]) if match else None
    if match is None or item is None or item.master.slug != match["slug"] or item.master.status == "draft":
        raise ProblemError("product_not_found", "There is no such picture.")
    body = draw(item, match["colour"]).encode()
    headers = [
        ("Cache-Control", CACHE),
        ("ETag", ids.body_etag(body)),
        # A drawing may hold script; ours never does, and a browser is told so.
        ("Content-Security-Policy", "default-src 'none'; sandbox"),
        ("X-Content-Type-Options", "nosniff"),
    ]
    if call.headers.get("If-None-Match") == ids.body_etag(body):
        return HttpResponse(304, b"", headers)
    return HttpResponse(200, body, [("Content-Type", "image/svg+xml"), *headers])


def draw(item: Item, colour: str | None = None) -> str:
    """An SVG of the product; every text in it is escaped."""
    glyph = texts.glyph_of(item.master.categories[0] if item.master.categories else "")
    fill = _colour(item, colour)
    shapes = _glyphs()[glyph].replace("{c}", fill).replace("{d}", _darker(fill))
    title = html.escape(item.title(texts.DEFAULT_LOCALE))
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 400 400" role="img">'
        f'<title>{title}</title><rect width="400" height="400" fill="#f4f1ec"/>{shapes}</svg>'
    )


def _colour(item: Item, wanted: str | None) -> str:
    for name in [wanted or "", *item.master.slug.split("-")]:
        if name in _COLOURS:
            return _COLOURS[name]
    # A quiet colour of its own for everything else: the same one in every sandbox.
    seed = hashlib.sha256(item.master.slug.encode()).digest()
    return "#" + "".join(f"{130 + byte % 90:02x}" for byte in seed[:3])


def _darker(colour: str) -> str:
    return "#" + "".join(f"{int(colour[at : at + 2], 16) * 55 // 100:02x}" for at in (1, 3, 5))


ROUTES = (Route("GET", "/images/{file}", "getPicture", get_picture),)
