"""What is said in English elsewhere is told again in Chinese with its facts, and a stranger's text harms nobody."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drumroll.domain.launch_file import parse_bytes
from drumroll.market.claims import Published
from drumroll.outlook.figures import figures_without_log
from drumroll.outlook.published import check
from drumroll.outlook.published_assumptions import Known
from drumroll.words.catalog import words_of
from drumroll.words.retold import RETOLD_LIMIT, retold
from drumroll.words.retold_words import COMMANDS, FIGURES, SENT
from drumroll.words.telling import named

EN, ZH = words_of("en"), words_of("zh-CN")
HAN = re.compile(r"[\u4e00-\u9fff]")
ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "drumroll"
EVERY = {*SENT, *COMMANDS, *FIGURES}
LAUNCH = parse_bytes((ROOT / "launches" / "yu7.toml").read_bytes(), "yu7.toml")
SAMPLES = {"figure": "1,234.5", "bound": ">= 0", "wanted": "int", "said": "Input data was truncated"}


def filled(sentence: str) -> str:
    return sentence % {name: SAMPLES.get(name, "x7") for name in named(sentence)}


@pytest.mark.parametrize("sentences", [SENT, COMMANDS, FIGURES])
def test_every_sentence_is_found_again_with_its_own_facts(sentences: tuple[str, ...]) -> None:
    for sentence in sentences:
        told = retold(ZH, filled(sentence), sentences)
        assert told is not None, sentence
        facts = {name: SAMPLES.get(name, "x7") for name in named(sentence)}
        facts |= {name: "数据不完整" for name in facts if name == "said"}
        assert told == ZH.say(sentence, **facts), sentence
        assert retold(EN, filled(sentence), sentences) == filled(sentence)


@given(text=st.text(max_size=80) | st.lists(st.sampled_from(sorted(EVERY)), max_size=3).map(": ".join))
def test_in_english_a_text_is_itself_or_nothing(text: str) -> None:
    for sentences in (SENT, COMMANDS, FIGURES):
        assert retold(EN, text, sentences) in (text, None)


@given(field=st.text(st.characters(codec="utf-8"), max_size=40))
def test_what_a_stranger_sent_is_never_taken_for_a_placeholder(field: str) -> None:
    text = f"{field} %(field)s: found '%(found)s', allowed: 100%."
    told = retold(ZH, text, SENT)
    assert told is None or ("%(found)s" in told and "100%" in told)


def test_a_text_made_to_be_looked_at_for_long_is_not() -> None:
    # With backtracking the first of these would take years.
    for text in ("x: " * 200 + "y", "a / " * 150, "`, got `" * 75, "to " * 200):
        for sentences in (SENT, COMMANDS, FIGURES):
            assert retold(ZH, text[:RETOLD_LIMIT], sentences) in (None, retold(ZH, text[:RETOLD_LIMIT], sentences))
    assert retold(ZH, "Input data was truncated." + " " * RETOLD_LIMIT, SENT) is None


# Whether they are still said so

LONG_ENOUGH = 7
"""Characters that a text of the sources has in a row, or it would fit too many sentences."""


def said_in_source() -> Iterator[tuple[list[str], re.Pattern[str]]]:
    """Every text of the sources that may hold facts: its parts between them, and all of it as a pattern."""
    for folder in ("cli", "domain", "market", "outlook", "payments", "plan", "web", "errors.py"):
        for file in [SOURCE / folder, *sorted((SOURCE / folder).rglob("*.py"))]:
            if not file.is_file():
                continue
            for node in ast.walk(ast.parse(file.read_text())):
                if isinstance(node, ast.JoinedStr):
                    parts = [str(one.value) if isinstance(one, ast.Constant) else "" for one in node.values]
                elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                    parts = [node.value]
                else:
                    continue
                if len(max(parts, key=len, default="")) >= LONG_ENOUGH:
                    yield parts, re.compile("".join(re.escape(one) or ".+" for one in parts))


WITHIN = {one for one in (*SENT, *COMMANDS) if one.startswith(("a ", "what if "))}
"""What stands within another text."""

MSGSPEC = {
    one for one in SENT if one.startswith(("Object ", "Expected ", "expected ", "Invalid ", "Input data", "JSON is"))
}
BY_OTHERS = MSGSPEC | {
    *("invalid character", "object keys must be strings", "trailing characters", "%(said)s - at `%(path)s`"),
    *("%(said)s.", "Validation failed for %(method)s %(path)s"),
    # Put together from parts: tests below have them said.
    *(one for one in FIGURES if "%(price)s" in one or "%(above)s" in one or one.startswith("%(figure)s")),
    *(one for one in SENT if one.startswith("Of order ")),
}
"""What is said by msgspec and the framework, or has no place where it stands whole: ``tests/web/test_chinese_pages.py``
has it said."""


def test_every_sentence_is_still_said_like_that() -> None:
    patterns = list(said_in_source())
    for sentence in sorted(EVERY - BY_OTHERS):
        text = sentence % dict.fromkeys(named(sentence), "x7")
        said = any(max(parts, key=len) in text and pattern.fullmatch(text) for parts, pattern in patterns)
        if not said and sentence in WITHIN:
            begins = sentence.partition("%(")[0]
            said = any(begins in one for parts, _ in patterns for one in parts)
        assert said, sentence


class Body(msgspec.Struct, forbid_unknown_fields=True):
    """A body as the API has them."""

    n: int
    m: list[str] = []


@pytest.mark.parametrize(
    "body", [b"{}", b'{"n": "x"}', b'{"n": 1, "k": 2}', b'{"n": 1, "m": [2]}', b'{"n"', b"{x}", b"1 2"]
)
def test_what_msgspec_says_is_told_in_chinese(body: bytes) -> None:
    with pytest.raises(msgspec.DecodeError) as raised:
        msgspec.json.decode(body, type=Body)
    told = retold(ZH, str(raised.value), SENT)
    assert told is not None, str(raised.value)
    assert HAN.search(told)


def test_what_the_reference_launch_s_figures_are_held_against_is_told_in_chinese() -> None:
    for one in check(Known(LAUNCH, figures_without_log(LAUNCH))).figures:
        said = one.computed.partition(": ")[2] if one.computed else one.why
        assert not said or retold(ZH, said, FIGURES) is not None, said


def test_a_scaled_figure_is_told_in_chinese() -> None:
    for scale in (10**8, 10**9, 10**12):
        told = retold(ZH, str(Published("1.54", scale, "HKD")), FIGURES)
        assert told is not None
        assert HAN.search(told)
