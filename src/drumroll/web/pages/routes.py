"""Every page's route, in one list: what the framework serves, and what a test walks through with every role."""

from __future__ import annotations

from typing import Any

from drumroll.web.pages.configure import configure_page
from drumroll.web.pages.language import LANGUAGE_PAGES
from drumroll.web.pages.ordering import ORDERING_PAGES

PAGE_ROUTES: list[Any] = [configure_page, *LANGUAGE_PAGES, *ORDERING_PAGES]
