"""Contacts in their normal form: one person a contact however it is typed, and nothing that starts another header."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drumroll.people.person import Contact, Person, is_id, is_language, oidc_contact, parse_contact, parse_name

ATOM = st.text("abcXYZ019!#$%&'*+/=?^_`{|}~-", min_size=1, max_size=12)
LOCAL = st.lists(ATOM, min_size=1, max_size=3).map(".".join)
LABEL = st.from_regex(r"[a-zA-Z0-9]([a-zA-Z0-9]{0,10}[a-zA-Z0-9])?", fullmatch=True)
DOMAIN = st.lists(LABEL, min_size=2, max_size=4).map(".".join)
DIGITS = st.from_regex(r"[1-9][0-9]{6,14}", fullmatch=True)


@given(LOCAL, DOMAIN, st.sampled_from(["", " ", "\t", "\u3000", "\n"]))
def test_the_letters_of_a_domain_don_t_make_two_people(local: str, domain: str, around: str) -> None:
    found = parse_contact(f"{around}{local}@{domain.upper()}{around}")
    assert found == Contact("email", f"{local}@{domain.lower()}")


@given(DIGITS, st.data())
def test_how_a_number_is_written_doesn_t_make_two_people(digits: str, data: st.DataObject) -> None:
    filling = st.sampled_from(["", " ", "-", "(", ")", " - ", "\u2013"])
    spread = "".join(digit + data.draw(filling) for digit in digits)
    wide = "".join(chr(ord(sign) + 0xFEE0) if sign.isdigit() else sign for sign in spread)
    expected = Contact("phone", f"+{digits}")
    assert [parse_contact(text) for text in (f"+{digits}", f" +{spread}", f"\uff0b{wide}")] == [expected] * 3


@given(st.text(max_size=400) | st.text('@.+-() \r\n1238abZ:,;<>"', max_size=40) | LOCAL.map("{}@x.yz".format))
def test_whatever_is_typed_is_nothing_or_of_one_line_and_stable(text: str) -> None:
    found = parse_contact(text)
    if found is None:
        return
    assert parse_contact(found.value) == found
    assert found.value.isascii()
    assert found.value.isprintable()
    assert len(found.value) <= 254
    assert not set(found.value) & set(' ,;:<>"\\()')
    if found.kind == "phone":
        assert re.fullmatch(r"\+[1-9]\d{6,14}", found.value)
    else:
        assert found.value.count("@") == 1


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("13812345678", "+8613812345678"),
        ("138 1234-5678", "+8613812345678"),
        ("+86 138 1234 5678", "+8613812345678"),
        ("\uff11\uff13\uff18\uff11\uff12\uff13\uff14\uff15\uff16\uff17\uff18", "+8613812345678"),
        ("+44 (20) 7946-0000", "+442079460000"),
        ("ada\uff20example.com", "ada@example.com"),
        ("ada@Bücher.example", "ada@xn--bcher-kva.example"),
        ("ada@例子.example", "ada@xn--fsqu00a.example"),
        ("A.da+yu7@EXAMPLE.com", "A.da+yu7@example.com"),
    ],
)
def test_what_people_type_is_understood(typed: str, kept: str) -> None:
    found = parse_contact(typed)
    assert found is not None
    assert found.value == kept


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "ada",
        "ada@",
        "@example.com",
        "ada@example",
        "a@b@example.com",
        "ada@example.com\r\nBcc: eve@example.com",
        "ada\n@example.com",
        "Ada <ada@example.com>",
        '"ada lovelace"@example.com',
        "ada@-example.com",
        "ada@exa mple.com",
        "ada..b@example.com",
        "ada@[127.0.0.1]",
        "+",
        "+0123456789",
        "+123456",
        "+1234567890123456",
        "12812345678",
        "138123456789",
        "0086 138 1234 5678",
        "x" * 65 + "@example.com",
        "ada@" + "x" * 64 + ".com",
        "a@" + ".".join(["x" * 60] * 5),
        " " * 400 + "ada@example.com",
    ],
)
def test_what_is_no_contact_is_none(typed: str) -> None:
    assert parse_contact(typed) is None


def test_who_somebody_is_elsewhere_is_a_contact_of_its_own_kind() -> None:
    assert oidc_contact("https://id.example", "a@b") == Contact("oidc", "https://id.example|a@b")
    refused = [
        ("https://a|b.example", "c"),
        ("id.example", "c"),
        ("https://id.example", ""),
        ("https://id.example", "c\n"),
    ]
    refused += [("https://id.example", "x" * 256), ("https://" + "x" * 600, "c"), ("https://id example", "c")]
    assert [oidc_contact(*each) for each in refused] == [None] * len(refused)


@given(st.text(max_size=400))
def test_a_name_is_none_or_printable_and_stable(text: str) -> None:
    found = parse_name(text)
    if found is not None:
        assert parse_name(found) == found
        assert 0 < len(found) <= 80
        assert not [sign for sign in found if unicodedata.category(sign) in ("Cc", "Cs", "Zl", "Zp")]
        assert found.strip() == found


def test_names_of_many_scripts_are_kept() -> None:
    for name in ("李雷", "Ada Lovelace", "Ngũgĩ wa Thiong'o", "\u0645\u06cc\u200c\u062e\u0648", "O"):
        assert parse_name(name) == unicodedata.normalize("NFC", name)
    assert parse_name("\u3000李\u3000雷 ") == "李 雷"
    assert [parse_name(name) for name in ("", " ", "a\nb", "a\u202eb", "x" * 81, "\x00")] == [None] * 6


def test_no_trace_shows_anything_personal() -> None:
    contact = Contact("email", "canary@example.com")
    person = Person("c-1", "canary@example.com", "email", "Canary", "en", 1)
    shown = f"{contact!r} {contact} {person!r} {person} {[contact, person]}".lower()
    assert "canary" not in shown
    assert "c-1" in shown


def test_ids_and_languages_are_told_from_what_is_none() -> None:
    assert is_id("c-17_A")
    assert not [text for text in ("", "c 1", "c\n", "é", "x" * 65, "a@b") if is_id(text)]
    assert is_language("zh-Hans")
    assert not [text for text in ("", "e", "en_GB", "en\n", "x" * 99) if is_language(text)]
