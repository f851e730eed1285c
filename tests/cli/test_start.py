"""A server that was killed at the opening is back in seconds: what few need is not loaded before it listens."""

from __future__ import annotations

import subprocess
import sys

from drumroll.words.catalog import words_of

DEAR = ("aiohttp", "matplotlib", "numpy", "polars", "scipy", "ortools", "statsmodels")


def test_a_server_loads_nothing_that_only_its_children_or_few_servers_need() -> None:
    loaded = f"import sys, drumroll.cli.serve; print([one for one in {DEAR} if one in sys.modules])"
    result = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True)
    assert result.stdout == "[]\n"


def test_before_it_listens_a_server_compiles_customers_pages_and_all_of_them_after() -> None:
    from drumroll.web.api import STATIC
    from drumroll.web.pages.assets import Assets
    from drumroll.web.pages.render import TEMPLATES, Renderer

    render = Renderer(Assets(STATIC))
    cache = render._environment(words_of("zh-CN")).cache
    assert cache is not None
    compiled = [{str(name) for _, name in (render.warm(operators=late), cache.keys())[1]} for late in (False, True)]
    every = {path.name for path in TEMPLATES.glob("*.html")}
    assert compiled == [{name for name in every if not name.startswith("ops_")}, every]
