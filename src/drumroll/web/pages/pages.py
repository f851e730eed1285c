"""What every page reaches for: templates, assets, safety; and the answers that pages give."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from litestar import Response
from litestar.connection import ASGIConnection
from litestar.datastructures import Cookie

from drumroll.access.limits import Guard, Network, client_address
from drumroll.web.pages.assets import Assets
from drumroll.web.pages.render import Renderer
from drumroll.web.pages.safety import Safety
from drumroll.web.pages.visitor import Visitor
from drumroll.words.catalog import Words

if TYPE_CHECKING:
    from drumroll.web.context import Web

PAGE: dict[str, Any] = {"include_in_schema": False, "sync_to_thread": False, "opt": {"page": True}}
"""What every page's route is declared with."""
ASYNC_PAGE: dict[str, Any] = {"include_in_schema": False, "opt": {"page": True}, "status_code": 200}
"""The same for those that are coroutines: forms."""

RATE_PER_S, BURST = 10.0, 100.0
"""What one person may ask for, sustained and at once. Nobody clicks ten times a second; a browser that opens all of its
tabs anew at once asks a hundred times. A page costs the server a few milliseconds, so ten people who ask as often as
they may are noticed, and one is not."""
ADDRESS_WIDTH = 25
"""How many times as much an address without a session may ask for: half of what pages one core renders. A campus signs
in at that pace; whoever wants to slow the orders down needs several addresses."""

Html = Response[bytes]
_AS_IT_IS = "!#$%&'()*+,/:;=?@[]~"
"""What stands in an address as it is: what RFC 3986 reserves, and the ``%`` of what is encoded already."""


class Pages:
    """The parts that pages share."""

    def __init__(self, assets: Assets, safety: Safety, proxies: Sequence[Network]) -> None:
        self.assets = assets
        self.safety = safety
        self.render = Renderer(assets)
        self.busy: dict[tuple[str, int], Html] = {}
        self.guard = Guard(RATE_PER_S, BURST, address_width=ADDRESS_WIDTH)
        self._proxies = proxies

    def address_of(self, request: ASGIConnection[Any, Any, Any, Any]) -> str:
        """The address that a request comes from, as far as it can be believed."""
        peer = request.client.host if request.client else ""
        # All of its lines: a proxy may add one of its own below the client's (RFC 9110, section 5.3).
        forwarded_for = ",".join(request.headers.getall("x-forwarded-for", []))
        return client_address(peer, forwarded_for, self._proxies)

    def see_other(self, path: str, cookies: Sequence[Cookie] = ()) -> Response[Any]:
        """On to another page (303): what a form did is not done again by going back or by loading anew."""
        # What somebody was on their way to may be named in any script; a header is ASCII (RFC 3987, section 3.1).
        location = quote(path, safe=_AS_IT_IS)
        headers = self.safety.headers | {"location": location, "cache-control": "no-store"}
        return Response(b"", status_code=303, headers=headers, cookies=list(cookies))


def frame(web: Web, path: str, words: Words, here: str = "") -> dict[str, Any]:
    """What the frame of every page shows. ``here``: which of its links leads to this very page."""
    launch = web.launch
    return {
        "launch_name": words.text(launch, launch.name),
        "sandbox": web.sandbox is not None,
        "path": path,
        "here": here,
        "zone": launch.time_zone,
        "currency": launch.currency,
    }


def page(
    web: Web,
    visitor: Visitor,
    template: str,
    *,
    here: str = "",
    status: int = 200,
    cookies: Sequence[Cookie] = (),
    **facts: Any,
) -> Html:
    """A page for one visitor alone: no cache keeps it."""
    pages, framed = web.pages, frame(web, visitor.path, visitor.words, here)
    body = pages.render.html(template, visitor.words, visitor=visitor, **{**framed, **facts})
    headers = pages.safety.headers | {"cache-control": "no-store", "content-language": visitor.words.tag}
    # The framework adds the charset.
    return Response(body, status_code=status, media_type="text/html", headers=headers, cookies=list(cookies))
