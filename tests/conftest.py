"""What holds for every test."""

from __future__ import annotations

import os

from hypothesis import settings

# CI has fifteen minutes for everything, and draws the same cases every time: there, half as many of each. `make test`
# draws all of them, and others each time.
if os.environ.get("CI"):
    settings.register_profile("brief", settings.get_profile("ci"), max_examples=50)
    settings.load_profile("brief")
