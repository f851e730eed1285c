"""The parts that pages of several commands are made of. They need nothing from elsewhere, light or dark."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from drumroll.market.page_style import STYLE

_MORE_STYLE = """
:root{color-scheme:light dark}
h1{letter-spacing:-.03em}
@media screen and (prefers-color-scheme:dark){:root{--paper:#141312;--card:#1d1b19;--ink:#f1eee7;--soft:#a19c91;
--rule:#34312c;--accent:#fb923c;--good:#4ade80;--bad:#f87171;--second:#2dd4bf;--third:#a78bfa;--open:#facc15}}
.charts{grid-template-columns:repeat(auto-fit,minmax(min(100%,24rem),1fr))}
.item{white-space:nowrap}.item .key{margin-left:0}td.n,th.n{text-align:right}
@media(max-width:34rem){.rows td.n{text-align:left}}
"""


def document(title: str, body: Iterable[str], style: str) -> str:
    """A whole page: its title (text), the parts of its body (HTML), and the style that only it has."""
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f'<meta name="color-scheme" content="light dark"><style>{STYLE}{_MORE_STYLE}{style}</style></head>'
        f"<body><main>{''.join(body)}</main></body></html>\n"
    )


def section(title: str, body: str) -> str:
    """A part of a page under its title."""
    return f"<section><h2>{escape(title)}</h2>{body}</section>"


def card(title: str, picture: str, note: str, kind: str = "") -> str:
    """A picture with its title above it and a note (HTML) below; ``kind`` is its class, ``wide`` say."""
    classes = f' class="{kind}"' if kind else ""
    return f"<figure{classes}><h2>{escape(title)}</h2>{picture}<figcaption>{note}</figcaption></figure>"


def bullets(said: Iterable[str], kind: str = "means") -> str:
    """Sentences as a list; ``kind`` is its class, and ``means`` small print."""
    classes = f' class="{kind}"' if kind else ""
    return f"<ul{classes}>{''.join(f'<li>{escape(each)}</li>' for each in said)}</ul>"


def legend(named: Iterable[tuple[str, str]]) -> str:
    """What the colours of a picture stand for: classes and names."""
    spans = (f'<span class="item"><span class="key {kind}"></span>{escape(name)}.</span>' for kind, name in named)
    return " ".join(spans)
