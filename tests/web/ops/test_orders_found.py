"""Finding orders: one that is there and not found, a contact in an address or before eyes that may not see it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

import pytest

from drumroll.people.person import parse_contact
from tests.web.ops.night import Night, peopled

CONTACT = "bob.quiet@mail.example"


@pytest.fixture(scope="module")
def night() -> Iterator[Night]:
    with Night() as night:
        peopled(night)
        contact = parse_contact(CONTACT)
        assert contact is not None
        night.server.web.entrance.people.find_or_make(contact, "en", "bob", 0)
        yield night


@pytest.mark.parametrize("query", ["", "state=firm", "state=locked", "what=kite/rare", "what=kite", "who=bob"])
def test_the_file_has_what_the_api_finds(night: Night, query: str) -> None:
    asked = (
        query.replace("who=", "customer=").replace("what=kite/rare", "model=kite&trim=rare").replace("what", "model")
    )
    api = night.get(f"/v1/operator/orders?{asked}", night.operator()).json()["orders"]
    page = night.browser().get(f"/ops/orders?{query}")
    assert [link.rsplit("/", 1)[1] for link in page.links if link.startswith("/ops/orders/ord_")] == [
        order["id"] for order in api
    ]
    file = night.browser().get(f"/ops/orders?{query}&csv=orders").answer.body.decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(file)))[1:]
    told = [(order["id"], order["state"], order["price_minor"] / 100, order["ordered_at"]) for order in api]
    assert [(row[0], row[2], float(row[4]), row[6]) for row in rows] == told


def test_pages_go_on_where_the_one_before_ended(night: Night) -> None:
    for number in range(105):
        night.reserved(f"many-{number}", "balloon", "round")
    first = night.browser().get("/ops/orders?what=balloon")
    onward = next(link for link in first.links if "cursor=" in link)
    second = night.browser().get(onward)
    of = [[link for link in page.links if link.startswith("/ops/orders/ord_")] for page in (first, second)]
    assert [len(of[0]), len(of[1]), len({*of[0], *of[1]})] == [100, 5, 105]


def test_times_are_the_launchs_own_and_what_is_no_time_is_refused(night: Night) -> None:
    browser = night.browser()
    found = browser.get("/ops/orders?who=bob&since=2026-05-01T12:00&before=2026-05-01T12:01").links
    assert any(link.startswith("/ops/orders/ord_") for link in found)
    assert "No order fits." in browser.get("/ops/orders?who=bob&since=2026-05-01T12:01").text
    assert browser.get("/ops/orders?since=yesterday").status == 400
    assert browser.get("/ops/orders?state=sold").status == 400
    assert browser.get("/ops/orders?cursor=-1").status == 400


def test_a_person_is_found_by_contact_and_their_contact_stands_in_no_address(night: Night) -> None:
    browser = night.browser("support")
    form = browser.get("/ops/orders").form("/ops/orders/person")
    answer = browser.send(form, contact=CONTACT, follow=False)
    assert (answer.status, answer.answer.headers["location"]) == (303, "/ops/orders?who=bob")
    for contact, status in (("nobody@mail.example", 404), ("no contact", 422)):
        page = browser.send(form, contact=contact, follow=False)
        assert page.status == status
        assert contact not in page.html


def test_a_contact_is_shown_to_those_alone_who_may_see_it(night: Night) -> None:
    order_id = night.desk.book.customers["bob"][0].id
    assert CONTACT in night.browser("support").get(f"/ops/orders/{order_id}").text
    for role in ("operator", "finance"):
        page = night.browser(role).get(f"/ops/orders/{order_id}")
        assert (page.status, CONTACT in page.html) == (200, False)


def test_an_orders_page_tells_all_that_the_api_does(night: Night) -> None:
    for order in night.desk.book.sequence[:9]:
        api = night.get(f"/v1/operator/orders/{order.id}", night.operator()).json()
        page = night.browser().get(f"/ops/orders/{order.id}")
        assert page.html.count('class="when"') == len(api["history"])
        assert all(event.get("reason", "") in page.text for event in api["history"])
    assert night.browser().get("/ops/orders/ord_none").status == 404
