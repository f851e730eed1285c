"""Which language somebody gets: by what their browser says, and never an error."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from drumroll.words.negotiation import HEADER_LIMIT, LANGUAGES, negotiate

HAN, LATIN = "zh-CN", "en"


@pytest.mark.parametrize(
    ("header", "language"),
    [
        (None, LATIN),
        ("", LATIN),
        ("*", LATIN),
        ("fr-FR,fr;q=0.9", LATIN),
        ("zh", HAN),
        ("zh-CN", HAN),
        ("ZH-cn", HAN),
        ("zh-Hans", HAN),
        ("zh-SG", HAN),
        ("zh-Hans-CN-x-private", HAN),
        ("zh-CN,zh;q=0.9,en;q=0.8", HAN),
        ("en-GB,en;q=0.9,zh-CN;q=0.8", LATIN),
        ("en;q=0.5 , zh ; q=0.8", HAN),
        ("fr, zh;q=0.2, en;q=0.1", HAN),
        ("en;q=0, *", HAN),
        ("zh;q=0, zh-CN, en;q=0.1", LATIN),
        ("en-GB;q=0, en", LATIN),
        ("*;q=0", LATIN),
        ("zh;q=2, en;q=0.1", LATIN),
        ("zh;q=0.1234, en;q=0.1", LATIN),
        ("zh;level=1, en;q=0.1", LATIN),
    ],
)
def test_the_language_with_the_highest_quality_value_is_spoken(header: str | None, language: str) -> None:
    assert negotiate(header, None) == language


@pytest.mark.parametrize("traditional", ["zh-TW", "zh-HK", "zh-MO", "zh-Hant", "zh-Hant-CN", "zh-hant-tw"])
def test_who_reads_traditional_characters_gets_simplified_ones_only_for_want_of_better(traditional: str) -> None:
    assert negotiate(traditional, None) == HAN
    assert negotiate(f"{traditional}, fr;q=0.9, *;q=0.1", None) == HAN
    assert negotiate(f"{traditional}, en;q=0.1", None) == LATIN
    assert negotiate(f"{traditional}, zh;q=0.9, en;q=0.8", None) == HAN
    assert negotiate(f"{traditional}, zh-CN;q=0", None) == LATIN


@pytest.mark.parametrize(("chosen", "language"), [("zh-CN", HAN), ("zh", HAN), ("en", LATIN), ("EN-us", LATIN)])
def test_what_they_chose_goes_before_what_the_browser_says(chosen: str, language: str) -> None:
    assert negotiate("zh-CN", chosen) == negotiate("en", chosen) == language


@pytest.mark.parametrize("chosen", ["", "fr", "*", "../zh", "zh\r\nset-cookie: a=b", "e" * 100_000])
def test_a_choice_that_there_is_not_is_no_choice(chosen: str) -> None:
    assert negotiate("zh-CN", chosen) == HAN


@given(st.lists(st.tuples(st.sampled_from(["en", "zh-CN", "zh", "fr", "zh-TW"]), st.integers(1, 1000)), max_size=6))
def test_order_of_the_ranges_matters_only_among_equals(ranges: list[tuple[str, int]]) -> None:
    # The oracle: the best quality each language is given, by the plain text of RFC 9110.
    best = {
        tag: max((quality for one, quality in ranges if one in of), default=0)
        for tag, of in (("en", ("en",)), ("zh-CN", ("zh", "zh-CN")))
    }
    header = ", ".join(f"{one};q={quality / 1000:.3f}" for one, quality in ranges)
    found = negotiate(header, None)
    if best["en"] != best["zh-CN"]:
        assert found == max(best, key=lambda tag: best[tag])
    elif not best["en"] and any(one == "zh-TW" for one, _ in ranges):
        assert found == HAN


@given(st.text(max_size=3000), st.none() | st.text(max_size=300))
@example("zh;q=" + "0" * 5000, None)
@example("a-" * 600, None)
@example(" " * 1000 + "\t" * 1000, None)
@example("zh,\0,en;q=1" * 300, None)
@example("零;q=\uff11", "中文")
def test_whatever_is_sent_a_language_is_found(header: str, chosen: str | None) -> None:
    assert negotiate(header, chosen) in LANGUAGES


def test_what_is_cut_off_is_not_misread() -> None:
    # Cut right after "q=0": taken for the whole, it would refuse the language that is asked for with q=0.9.
    start = "en;q=0.1," + "x," * ((HEADER_LIMIT - 16) // 2)
    header = start + " " * (HEADER_LIMIT - len(start) - len("zh;q=0")) + "zh;q=0.9"
    assert header[:HEADER_LIMIT].endswith("zh;q=0")
    assert negotiate(header + ",zh-CN;q=0.9", None) == LATIN
    assert negotiate("zh," + "fr," * HEADER_LIMIT, None) == HAN
