"""A server that was killed at the opening is back in seconds: what few need is not loaded before it listens."""

from __future__ import annotations

import subprocess
import sys

import brotli
import pytest
from jinja2 import Environment, meta

from drumroll.web.api import STATIC
from drumroll.web.pages.assets import SOON, WELL, Assets, stored
from drumroll.web.pages.render import FRONT, TEMPLATES, Renderer
from drumroll.words.catalog import words_of
from drumroll.words.negotiation import LANGUAGES

ANYWHERE = ("matplotlib", "scipy", "pandas", "polars", "playwright", "ortools", "statsmodels", "exchange_calendars")
DEAR = {
    "drumroll.cli.main": (*ANYWHERE, "numpy", "aiohttp", "litestar", "granian", "jinja2", "babel", "cryptography"),
    "drumroll.cli.serve": (*ANYWHERE, "numpy", "aiohttp", "jwt", "cryptography.x509", "swagger_ui"),
    "drumroll.cli.webhooks": (*ANYWHERE, "litestar", "granian", "jinja2", "babel", "jwt"),
    "drumroll.cli.log": (*ANYWHERE, "litestar", "granian", "jinja2", "babel", "jwt", "aiohttp"),
}
"""What each process does without: the command line, the server, and the two children beside it."""


@pytest.mark.parametrize("module", DEAR)
def test_a_process_loads_nothing_that_only_others_need(module: str) -> None:
    loaded = f"import sys, {module}; print([one for one in {DEAR[module]} if one in sys.modules])"
    result = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True)
    assert result.stdout == "[]\n"


def got_ready(environment: Environment) -> set[str]:
    assert environment.cache is not None
    return {str(name) for _, name in list(environment.cache)}


def test_before_it_listens_a_server_compiles_its_front_page_and_all_pages_after() -> None:
    render = Renderer(Assets(STATIC))
    environments = [render._environment(words_of(tag)) for tag in LANGUAGES]
    render.warm()
    assert [got_ready(environment) for environment in environments] == [set(FRONT)] * len(LANGUAGES)
    render.warm_all()
    every = {path.name for path in TEMPLATES.glob("*.html")}
    assert [got_ready(environment) for environment in environments] == [every] * len(LANGUAGES)


def test_the_front_page_takes_in_nothing_that_was_not_compiled_before() -> None:
    environment = Renderer(Assets(STATIC))._environment(words_of("en"))
    found, waiting = set(), {"store.html"}
    while waiting:
        found.add(name := waiting.pop())
        source, *_ = environment.loader.get_source(environment, name)  # type: ignore[union-attr]
        waiting |= {str(one) for one in meta.find_referenced_templates(environment.parse(source))} - found
    assert found == set(FRONT)


def test_a_template_compiles_to_the_same_in_every_language_so_that_it_is_done_once() -> None:
    # Jinja works out a filter on a constant while it compiles: a price that stands in a template as a literal would be
    # said in the language that happened to come first.
    render = Renderer(Assets(STATIC))
    environments = [render._environment(words_of(tag)) for tag in LANGUAGES]
    for path in TEMPLATES.glob("*.html"):
        compiled = {one.compile(path.read_text(), path.name, path.name, raw=True) for one in environments}
        assert len(compiled) == 1, f"{path.name} differs: hand such a constant in as a fact"


def test_files_pressed_later_hold_the_same_bytes_under_the_same_address_and_etag() -> None:
    assets = Assets(STATIC)
    before = {name: (file, assets.url(name)) for name, (file, _) in assets._files.items()}
    assets.press()
    for name, (file, _) in assets._files.items():
        soon, url = before[name]
        assert (file.plain, file.etag, assets.url(name)) == (soon.plain, soon.etag, url)
        assert brotli.decompress(file.brotli) == brotli.decompress(soon.brotli) == file.plain
        assert file == stored(file.plain, quality=WELL)
        assert soon == stored(file.plain, quality=SOON)
