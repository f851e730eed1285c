"""Plots over HTTP: what a page shows beside its table, in the reader's language, light or dark, wide or narrow."""

from __future__ import annotations

from typing import Any

from litestar import Response

from drumroll.web.context import Web
from drumroll.web.ops.plots import AnyPlot, Size, Theme
from drumroll.web.pages.safety import Asking
from drumroll.web.problems import Problem

MEDIA_TYPE = "image/svg+xml"
HEADERS = {
    "cache-control": "no-store",
    "vary": "accept-language, cookie",
    "x-content-type-options": "nosniff",
    "cross-origin-resource-policy": "same-origin",
    # A plot has no style and no script, so that it looks the same under this.
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
}


async def plotted(web: Web, request: Asking, plot: AnyPlot | None) -> Response[bytes]:
    """A plot as the address asks for it. Raises ``Problem``: there is none, or it can't be drawn now."""
    plots = web.plots
    if plot is None or plots is None:
        raise Problem("not_found", "There is no such plot.")
    asked: dict[str, Any] = dict(request.query_params)
    theme: Theme = "dark" if asked.get("theme") == "dark" else "light"
    size: Size = "narrow" if asked.get("size") == "narrow" else "wide"
    return Response(await plots.svg(plot, theme, size), media_type=MEDIA_TYPE, headers=HEADERS)
