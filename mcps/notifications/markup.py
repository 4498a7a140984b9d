"""Text for mail programs that show HTML, and HTML for those that do not. No tag of a caller passes unseen."""

from __future__ import annotations

import re
from html import escape, unescape
from html.parser import HTMLParser

_LINK = re.compile(r"https?://[^\s<>\"']+[^\s<>\"'.,;:!?)]")
_BLOCKS = frozenset({"p", "div", "br", "tr", "li", "h1", "h2", "h3", "h4", "ul", "ol", "table", "blockquote"})
_UNSEEN = frozenset({"script", "style", "head", "title", "template"})


def html_of(text: str) -> str:
    """The same text as a small HTML page: paragraphs, line breaks, and links that can be clicked."""
    paragraphs = "".join(
        f"<p>{_linked(block).replace(chr(10), '<br>')}</p>" for block in text.strip().split("\n\n")
    )
    return f'<!doctype html><html><head><meta charset="utf-8"></head><body>{paragraphs}</body></html>'


def _linked(text: str) -> str:
    parts, at = [], 0
    for match in _LINK.finditer(text):
        url = escape(match[0])
        parts += [escape(text[at : match.start()]), f'<a href="{url}">{url}</a>']
        at = match.end()
    return "".join([*parts, escape(text[at:])])


def text_of(html: str) -> str:
    """What a person would read of an HTML text; link targets stand behind their words."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    lines = (re.sub(r"[ \t\r\f\xa0]+", " ", line).strip() for line in "".join(reader.parts).split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._unseen = 0
        self._target = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _UNSEEN:
            self._unseen += 1
        elif tag == "a":
            target = dict(attrs).get("href") or ""
            self._target = unescape(target) if _LINK.fullmatch(target) else ""
        elif tag in _BLOCKS:
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in _UNSEEN:
            self._unseen = max(0, self._unseen - 1)
        elif tag == "a" and self._target:
            if self.parts and self._target not in self.parts[-1]:
                self.parts.append(f" ({self._target})")
            self._target = ""
        elif tag in _BLOCKS and tag != "br":
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self.parts.append(data.replace("\n", " "))
