import xml.etree.ElementTree as ElementTree

import msgspec

from tests.mcps.museo.calling import Caller, make_caller

HOSTILE = '<script>alert("x")</script>&\'"'


def _rename(caller: Caller, slug: str) -> None:
    shelf = caller.app.shop.shelf
    item = shelf.get(slug)
    assert item is not None
    texts = {"title": {"en": HOSTILE}, "description": {"en": HOSTILE}, "brand": HOSTILE}
    shelf.save(msgspec.structs.replace(item.master, **texts), item.position)


async def test_a_product_page_is_plain_and_in_the_readers_language() -> None:
    answer = await make_caller()(
        "GET", "/p/iphone-15", headers={"Accept-Language": "de", "Authorization": None}
    )
    page = answer.response.body.decode()

    assert answer.header("Content-Type") == "text/html; charset=utf-8"
    assert '<html lang="de">' in page
    assert "Ein Smartphone" in page
    assert "949.00 EUR – 1209.00 EUR" in page
    assert '<img src="/images/iphone-15--black.svg"' in page
    assert "script" not in page
    policy = answer.header("Content-Security-Policy") or ""
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


async def test_what_a_product_is_called_is_never_markup() -> None:
    caller = make_caller()
    _rename(caller, "red-lipstick")

    page = await caller("GET", "/p/red-lipstick", headers={"Authorization": None})
    picture = await caller("GET", "/images/red-lipstick.svg", headers={"Authorization": None})

    assert b"<script>" not in page.response.body
    assert b"&lt;script&gt;" in page.response.body
    title = ElementTree.fromstring(picture.response.body).find("{http://www.w3.org/2000/svg}title")  # noqa: S314
    assert title is not None
    assert title.text == HOSTILE


async def test_pictures_are_cached_and_take_the_colour_of_the_variant() -> None:
    caller = make_caller()

    blue = await caller("GET", "/images/iphone-15--blue.svg", headers={"Authorization": None})
    pink = await caller("GET", "/images/iphone-15--pink.svg", headers={"Authorization": None})
    known = await caller("GET", "/images/iphone-15--blue.svg", headers={"If-None-Match": blue.header("ETag")})

    assert blue.header("Content-Type") == "image/svg+xml"
    assert "max-age=86400" in (blue.header("Cache-Control") or "")
    assert "default-src 'none'" in (blue.header("Content-Security-Policy") or "")
    assert blue.response.body != pink.response.body
    assert (known.status, known.response.body) == (304, b"")


async def test_there_are_no_pictures_and_pages_of_what_is_not_shown() -> None:
    caller = make_caller()

    for path in (
        "/images/museo-tote-bag.svg",
        "/images/IPHONE-15-128-BLUE.svg",
        "/images/..%2f..%2fetc%2fpasswd",
        "/images/iphone-15.png",
        "/p/museo-tote-bag",
        "/p/no-such",
    ):
        assert (await caller("GET", path)).status == 404, path
    assert (await caller("GET", "/p/iphone-14")).status == 410


async def test_health_needs_nothing() -> None:
    answer = await make_caller()("GET", "/health", headers={"Authorization": None, "X-Museo-User": None})

    assert answer.json["status"] == "ok"
