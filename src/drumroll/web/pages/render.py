"""Templates and words to HTML: one Jinja environment a language, made when it is first asked for.

Compiling takes 10 ms a template, two thirds of a second for all. It is done once for all languages, for sentences are
looked up when a page is made; and a server that starts again does it for its front page alone before it listens.
"""

from __future__ import annotations

import time
from functools import lru_cache
from pathlib import Path
from types import CodeType
from typing import Any

from jinja2 import BytecodeCache, Environment, FileSystemLoader, StrictUndefined
from jinja2.bccache import Bucket

from drumroll.web.pages.assets import Assets
from drumroll.words.catalog import Words, words_of
from drumroll.words.negotiation import LANGUAGES
from drumroll.words.pages import install

TEMPLATES = Path(__file__).parent.parent / "templates"
OPERATORS = "ops_"
"""What the names of operators' templates begin with."""
FRONT = ("store.html", "layout.html", "parts.html", "store_parts.html")
"""The front page and all that it takes in."""
PAUSE_S = 0.005
"""Between two templates that are compiled while orders are taken: each holds the event loop up for some milliseconds.
What was compiled already takes no pause."""


class Compiled(BytecodeCache):
    """What templates were compiled to, by name and source, for the environments of all languages."""

    def __init__(self) -> None:
        self._codes: dict[tuple[str, str], CodeType | None] = {}

    def __len__(self) -> int:
        return len(self._codes)

    def load_bytecode(self, bucket: Bucket) -> None:
        """Hand out what there is; without, the template is compiled."""
        bucket.code = self._codes.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep what was compiled."""
        self._codes[bucket.key, bucket.checksum] = bucket.code


_compiled = Compiled()


class Renderer:
    """Makes pages."""

    def __init__(self, assets: Assets) -> None:
        self._assets = assets

    def html(self, template: str, words: Words, **facts: Any) -> bytes:
        """A page. All that is put into it is escaped; a name that is not given is an error, not nothing."""
        return self._environment(words).get_template(template).render(words=words, **facts).encode()

    def warm(self) -> None:
        """Make ready what the first customer sees, in every language: what a server does before it listens."""
        for tag in LANGUAGES:
            environment = self._environment(words_of(tag))
            for name in FRONT:
                environment.get_template(name)

    def warm_all(self) -> None:
        """Make ready all pages, customers' first, in pieces that let the event loop go on: call it in a thread."""
        environments = [self._environment(words_of(tag)) for tag in LANGUAGES]
        names = environments[0].list_templates(extensions=["html"])
        for name in sorted(names, key=lambda name: name.startswith(OPERATORS)):
            known = len(_compiled)
            for environment in environments:
                environment.get_template(name)
            if len(_compiled) > known:
                time.sleep(PAUSE_S)

    def _environment(self, words: Words) -> Environment:
        return _environment(self._assets, words)


@lru_cache(maxsize=2 * len(LANGUAGES))
def _environment(assets: Assets, words: Words) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        bytecode_cache=_compiled,
    )
    install(environment, words)
    environment.globals["asset"] = assets.url
    return environment
