# ruff: noqa: RUF001 (full-width signs are what is tested)
"""Every sentence has its translation, with the same facts in it; and every translation is said somewhere."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import msgspec
import pytest
from babel.messages.catalog import Message
from jinja2 import Environment
from markupsafe import Markup

from drumroll.domain.launch_file import parse
from drumroll.domain.launch_store import Language
from drumroll.words.catalog import words_of
from drumroll.words.extraction import asked
from drumroll.words.missing import FOLDER, fragment, left_over, missing
from drumroll.words.pages import install
from drumroll.words.reading import key_of, po_files, read_catalogues, read_file
from drumroll.words.telling import named
from tests.web.house import LAUNCH

ZH = words_of("zh-CN")
ALL = [(file.name, message) for file in po_files(FOLDER) for message in read_file(file) if message.id]
HAN = re.compile(r"[\u4e00-\u9fff]")
HALF_WIDTH = re.compile(r"[\u4e00-\u9fff)）][,;:!?](?!\d)|(?<!\d)[,;!?][\u4e00-\u9fff]")


def strings(message: Message) -> list[str]:
    return [message.string] if isinstance(message.string, str) else list(message.string or ())


def test_nothing_lacks_a_translation() -> None:
    assert fragment(missing(asked(), read_catalogues(FOLDER))) == ""


def test_no_translation_is_left_over() -> None:
    assert left_over(asked(), read_catalogues(FOLDER)) == []


def test_the_same_facts_stand_in_both_languages() -> None:
    for file, message in ALL:
        english = [message.id] if isinstance(message.id, str) else list(message.id)
        facts = {fact for one in english for fact in named(one)}
        for said in strings(message):
            assert set(named(said)) == facts, f"{file}: {english[0]!r}"
            # What is no fact is a percent sign, written twice in both.
            assert "%" not in re.sub(r"%\(\w+\)s|%%", "", said + "".join(english)), f"{file}: {english[0]!r}"


def test_plurals_are_plurals_in_both_and_chinese_has_one_form() -> None:
    wanted = asked()
    for file, message in ALL:
        plural = wanted[key_of(message)].plural
        assert (message.id[1] if isinstance(message.id, tuple | list) else None) == plural, f"{file}: {message.id}"
        assert len(strings(message)) == 1
    for file in po_files(FOLDER):
        assert read_file(file).num_plurals == 1, file.name


def test_no_translation_is_fuzzy_empty_or_given_twice_in_a_file() -> None:
    for file, message in ALL:
        assert not message.fuzzy, f"{file}: {message.id}"
        assert all(strings(message)), f"{file}: {message.id}"
    for file in po_files(FOLDER):
        # Babel keeps the last of two without a word, so they are counted in the text.
        keys = re.findall(r'(?:^msgctxt (".*")\n)?^msgid ((?:".*"\n)+)', file.read_text(), re.MULTILINE)
        assert [key for key, count in Counter(keys).items() if count > 1] == [], file.name
        assert "#~" not in file.read_text(), file.name


def test_chinese_is_set_as_chinese() -> None:
    for file, message in ALL:
        for said in strings(message):
            where = f"{file}: {said}"
            assert "你" not in said, where
            assert not HALF_WIDTH.search(said), where
            assert not re.search(r"[\u4e00-\u9fff][A-Za-z0-9]|[A-Za-z0-9][\u4e00-\u9fff]", bare(said)), where
            assert "订金" not in said, where
            assert not re.search(r" [，。：；！？（）、]|[，。：；！？（）、] ", said), where


def bare(said: str) -> str:
    """Without tags and facts, which have letters of their own."""
    return re.sub(r"<[^>]*>|%\(\w+\)s", "", said)


def test_two_files_that_disagree_are_refused(tmp_path: Path) -> None:
    folder = tmp_path / "zh_CN"
    folder.mkdir()
    entry = 'msgid "Order"\nmsgstr "{}"\n'
    (folder / "a.po").write_text(entry.format("订单"))
    (folder / "b.po").write_text(entry.format("订单"))
    assert read_catalogues(folder) == {(None, "Order"): ("订单",)}
    (folder / "b.po").write_text(entry.format("下单"))
    with pytest.raises(ValueError, match=r"b\.po says '下单' for 'Order', a\.po says '订单'"):
        read_catalogues(folder)
    (folder / "b.po").write_text('msgctxt "button"\n' + entry.format("下单"))
    assert read_catalogues(folder)["button", "Order"] == ("下单",)


def test_what_lacks_a_translation_is_printed_ready_to_be_filled_in(tmp_path: Path) -> None:
    source = tmp_path / "source"
    (source / "web" / "templates").mkdir(parents=True)
    (source / "a.py").write_text(
        "import drumroll.words\n"
        'words.say("Hello %(name)s", name=name)\nwords.say_n("%(num)s car", "%(num)s cars", n)\n'
        'words.say_in("button", "Order")\nwords.say(other)\n'
    )
    (source / "b.py").write_text('words.say("says nothing: it has no words")\n')
    (source / "web" / "templates" / "a.html").write_text(
        '{{ _("Hello %(name)s", name=name) }}{% trans n=3 %}{{ n }} way{% pluralize %}{{ n }} ways{% endtrans %}'
        '{{ pgettext("button", "Lock") }}'
    )
    wanted = asked(source)
    assert {key: one.plural for key, one in wanted.items()} == {
        (None, "Hello %(name)s"): None,
        (None, "%(num)s car"): "%(num)s cars",
        ("button", "Order"): None,
        (None, "%(n)s way"): "%(n)s ways",
        ("button", "Lock"): None,
    }
    said = [(None, "Hello %(name)s"), (None, "gone")]
    assert left_over(wanted, said) == [(None, "gone")]
    (tmp_path / "zh_CN").mkdir()
    written = tmp_path / "zh_CN" / "a.po"
    written.write_text(fragment(missing(wanted, said)))
    assert {key_of(one) for one in read_file(written) if one.id} == set(wanted) - {(None, "Hello %(name)s")}


def page(text: str, tag: str = "zh-CN", **facts: object) -> str:
    environment = Environment(autoescape=True)
    install(environment, words_of(tag))
    return environment.from_string(text).render(**facts)


def test_a_template_speaks_its_language() -> None:
    text = '<html lang="{{ lang }}">{{ _("Beijing time") }} {{ ngettext("%(num)s day", "%(num)s days", n) }}'
    assert page(text, n=2) == '<html lang="zh-CN">北京时间 2 天'
    assert page(text, "en", n=1) == '<html lang="en">Beijing time 1 day'
    assert page('{{ pgettext("order state", "firm") }}') == "大定"
    assert page("{{ 25350000|money('CNY') }} {{ 39|weeks(42) }} {{ 178|span }}") == "¥253,500 39 至 42 周 2 分 58 秒"


def test_facts_are_escaped_and_the_sentence_is_not() -> None:
    facts = {"name": "<script>&", "safe": Markup("<b>b</b>")}
    assert page('{{ _("<i>%(name)s</i> %(safe)s 5 %%", name=name, safe=safe) }}', **facts) == (
        "<i>&lt;script&gt;&amp;</i> <b>b</b> 5 %"
    )
    assert page("{% trans %}{{ name }}{% endtrans %}", **facts) == "&lt;script&gt;&amp;"


def test_a_template_that_does_not_escape_gets_no_words() -> None:
    with pytest.raises(ValueError, match="autoescape"):
        install(Environment(autoescape=False), ZH)


def test_a_launch_speaks_the_reader_s_language_where_it_can() -> None:
    launch = msgspec.structs.replace(parse(LAUNCH, "kites.toml"), languages=(Language("zh-CN", {"Plain": "素色"}),))
    assert (ZH.text(launch, "Plain"), words_of("en").text(launch, "Plain")) == ("素色", "Plain")
    assert ZH.text(launch, "Kites") == "Kites"


def test_commands_that_need_no_words_load_no_locale_data() -> None:
    loaded = "import sys, drumroll.cli.main, drumroll.web.problems; print('babel' in sys.modules)"
    result = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True)
    assert result.stdout == "False\n"
