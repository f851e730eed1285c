"""What holds for every test."""

from __future__ import annotations

from hypothesis import settings

from tests.brief import BRIEF

# CI draws the same cases every time: there, half as many of each. `make test` draws all of them, and others each time.
if BRIEF:
    settings.register_profile("brief", settings.get_profile("ci"), max_examples=50)
    settings.load_profile("brief")
