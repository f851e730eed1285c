"""What people are told when something is refused: in both languages, for every code, and over HTTP."""

from __future__ import annotations

import re
from typing import Any

import pytest

from drumroll.domain.refusal import Code
from drumroll.web.problem_words import in_language, language_of
from drumroll.web.problems import STATUS, Problem
from drumroll.words.catalog import words_of
from drumroll.words.problem_words import SENTENCES, STATES
from drumroll.words.telling import named
from tests.web.house import Answer, House, order_headers, session

EN, ZH = words_of("en"), words_of("zh-CN")
HAN = re.compile(r"[\u4e00-\u9fff]")
CODES = sorted({*STATUS, *Code, "internal_error", "not_found", "method_not_allowed", "error"})
CHINESE = ("accept-language", "zh-CN,zh;q=0.9,en;q=0.8")
AT = "2026-05-01T12:00:30.000+02:00"


def facts_of(message: str) -> dict[str, Any]:
    """Facts for every name in a message, by what the name says that it is."""
    kinds: dict[str, Any] = {
        **dict.fromkeys(("opens_at", "closed_at", "until", "undo_until", "refundable_until", "after"), AT),
        **dict.fromkeys(("forfeits_minor", "price_minor", "price_before_minor"), 500_000),
        **{name: ["one", "two"] for name in ("models", "trims", "choices", "regions", "resources", "windows", "to")},
        **dict.fromkeys(("limit", "fault_count", "count", "limit_bytes"), 1_234),
        **{
            "currency": "CNY",
            "undo_s": 300,
            "retry_after_s": 300,
            "state": "locked",
            "allowed_states": ["reserved", "firm"],
        },
        **dict.fromkeys(("choice", "other", "requires", "excludes"), "roof"),
        "from": "2026-05-04",
    }
    of = {name: f"{name}_minor" for name in ("forfeits", "price", "price_before")} | {
        "undo": "undo_s",
        "retry_after": "retry_after_s",
    }
    wanted = {of.get(name, name) for name in named(message)} - {"detail"}
    return {name: kinds[name] for name in (*wanted, "currency")}


@pytest.mark.parametrize("code", CODES)
def test_every_code_is_told_in_both_languages_whatever_facts_are_there(code: str) -> None:
    for facts in ({}, {"waiting_list": True, "rule": "no such rule", "action": 7, "state": None, "models": []}):
        assert EN.problem(code, facts, "detail") not in ("", "detail")
        assert "%(" not in EN.problem(code, facts, "detail")
        assert HAN.search(ZH.problem(code, facts, "detail"))


def test_every_sentence_is_said_when_its_facts_are_there() -> None:
    for key, messages in SENTENCES.items():
        code, *more = key.split(".")
        for message in messages:
            flags = [name for name in more if name in ("waiting_list", "irreversible")]
            facts = facts_of(message) | dict.fromkeys(flags, True)
            if more and more[0] not in flags:
                facts["rule" if code == "invalid_options" else "action"] = more[0]
            english, chinese = EN.problem(code, facts, "why"), ZH.problem(code, facts, "why")
            assert english == message % {name: shown(english, name, facts) for name in named(message)}, key
            assert HAN.search(chinese), key
            assert "%(" not in english + chinese, key


def shown(_: str, name: str, facts: dict[str, Any]) -> str:
    """A fact as English has it, worked out here once more."""
    listed = {
        "allowed_states": "reserved, firm",
        "from": "4 May 2026",
        "undo": "5 min",
        "retry_after": "5 min",
        "detail": "why",
    }
    if name in listed:
        return listed[name]
    if f"{name}_minor" in facts:
        return "CN¥5,000"
    found = facts[name]
    if found == AT:
        return "1 May 2026, 12:00 (UTC+2)"
    return ", ".join(found) if isinstance(found, list) else f"{found:,}" if isinstance(found, int) else found


def test_the_last_sentence_of_a_code_needs_no_fact() -> None:
    for key, messages in SENTENCES.items():
        if "." not in key:
            assert set(named(messages[-1])) <= {"detail"}, key


def test_every_state_has_a_word_in_both_languages() -> None:
    for state in STATES:
        assert EN.state(state) == state.replace("_", " ")
        assert HAN.search(ZH.state(state))
    assert ZH.state("unheard_of") == "unheard_of"


def test_a_code_that_is_new_is_told_in_its_own_words() -> None:
    assert ZH.problem("unheard_of", {}, "Something else.") == "Something else."


@pytest.fixture(scope="module")
def answers() -> dict[str, tuple[Answer, Answer]]:
    """Refusals over HTTP: to somebody who says nothing of languages, and to somebody who reads Chinese."""
    with House() as house:
        token = house.session("ada")
        order_id = house.order(token, "k").json()["id"]
        body = b'{"model": "%s", "trim": "%s"}'
        asks: dict[str, tuple[str, str, list[tuple[str, Any]], bytes]] = {
            "unknown_model": ("POST", "/v1/orders", order_headers(token, "a"), body % (b"ship", b"red")),
            "not_open_yet": ("POST", "/v1/orders", order_headers(token, "b"), body % (b"balloon", b"red")),
            "idempotency_key_missing": ("POST", "/v1/orders", session(token), body % (b"kite", b"plain")),
            "no_session": ("POST", "/v1/orders", [("idempotency-key", "c")], b""),
            "wrong_state": ("POST", f"/v1/orders/{order_id}/lock", order_headers(token, "d"), b""),
            "not_sold_out": ("POST", "/v1/waiting-list", order_headers(token, "e"), body % (b"kite", b"plain")),
            "unknown_trim": ("GET", "/v1/quotes?model=kite&trim=gold", [], b""),
            "no_such_order": ("GET", "/v1/orders/nobodys", session(token), b""),
            "not_found": ("GET", "/v1/nothing-here", [], b""),
            "method_not_allowed": ("DELETE", "/v1/launch", [], b""),
            "webhook_malformed": ("POST", "/v1/webhooks/payments", [], b""),
        }
        return {
            name: (house.call(method, path, headers, sent), house.call(method, path, [*headers, CHINESE], sent))
            for name, (method, path, headers, sent) in asks.items()
        }


def test_only_the_detail_is_in_the_reader_s_language(answers: dict[str, tuple[Answer, Answer]]) -> None:
    for code, (english, chinese) in answers.items():
        assert (english.code, chinese.code) in ((code, code), ("no_waiting_list", "no_waiting_list"))
        assert english.status == chinese.status
        assert (english.headers["content-language"], chinese.headers["content-language"]) == ("en", "zh-CN")
        assert english.headers["vary"] == chinese.headers["vary"] == "accept-language"
        before, after = english.json(), chinese.json()
        assert not HAN.search(before.pop("detail"))
        assert HAN.search(after.pop("detail"))
        assert before == after


def test_a_refusal_in_chinese_names_its_facts(answers: dict[str, tuple[Answer, Answer]]) -> None:
    told = {code: chinese.json()["detail"] for code, (_, chinese) in answers.items()}
    assert told["unknown_model"].endswith("kite、balloon、wing。")
    assert "2026年5月2日 12:00（UTC+2）" in told["not_open_yet"]  # noqa: RUF001
    assert "“已预订”" in told["wrong_state"]


def test_several_headers_are_one_list_and_hostile_ones_harm_nothing() -> None:
    assert language_of([]) == "en"
    assert language_of([(b"accept-language", b"fr"), (b"accept-language", b"zh;q=0.1")]) == "zh-CN"
    for hostile in (b"\xff\xfe" * 9_000, b"," * 60_000, b"zh\0;q=1", b"-" * 9_000):
        assert language_of([(b"accept-language", hostile)]) == "en"


def test_nothing_of_a_detail_is_taken_for_a_placeholder() -> None:
    detail = "found '%(secret)s %s 100%', allowed: a day"
    assert in_language("zh-CN", "invalid_body", {}, detail).endswith(detail)
    assert Problem("invalid_body", detail).answered([])[2].count(b"%(secret)s") == 1
