from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.web.house import House


@pytest.fixture
def house() -> Iterator[House]:
    with House() as house:
        yield house
