"""Templates and words to HTML: one Jinja environment a language, made when it is first asked for."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from drumroll.web.pages.assets import Assets
from drumroll.words.catalog import Words, words_of
from drumroll.words.negotiation import LANGUAGES
from drumroll.words.pages import install

TEMPLATES = Path(__file__).parent.parent / "templates"
OPERATORS = "ops_"
"""What the names of operators' templates begin with."""


class Renderer:
    """Makes pages."""

    def __init__(self, assets: Assets) -> None:
        self._assets = assets

    def html(self, template: str, words: Words, **facts: Any) -> bytes:
        """A page. All that is put into it is escaped; a name that is not given is an error, not nothing."""
        return self._environment(words).get_template(template).render(words=words, **facts).encode()

    def warm(self, *, operators: bool = False) -> None:
        """Compile customers' pages, so that the first one does not wait for it; or operators', which may come later.

        Half a second's work each: a server that starts again does the first before it listens, and no more than that.
        """
        for tag in LANGUAGES:
            environment = self._environment(words_of(tag))
            for name in environment.list_templates(extensions=["html"]):
                if name.startswith(OPERATORS) is operators:
                    environment.get_template(name)

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
    )
    install(environment, words)
    environment.globals["asset"] = assets.url
    return environment
