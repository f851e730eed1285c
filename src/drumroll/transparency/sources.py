"""Where a published log is read from, by what it is called: a directory, an address, or the order log that it is of."""

from __future__ import annotations

from pathlib import Path

from drumroll.errors import PublishedInvalid
from drumroll.transparency.published import Folder, Published
from drumroll.transparency.site import Site


def open_published(where: str) -> Published:
    """A published log: a directory, a URL, or the path of an order log, beside which it is published.

    Raises:
        PublishedInvalid: it is none of these. Nothing was fetched yet.
    """
    if "://" in where:
        return Site(where)
    path = Path(where)
    if path.is_file():
        path = path.with_name(f"{path.name}-proof") / "public"
        if not path.is_dir():
            raise PublishedInvalid(
                f"{where} is an order log that is not published yet: there is no {path}. Run: drumroll log publish"
            )
    if not path.is_dir():
        raise PublishedInvalid(
            f"there is no published log at {where!r}; allowed: a directory, an http or https URL, or an order log"
        )
    return Folder(path)
