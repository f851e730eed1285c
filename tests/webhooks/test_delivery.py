"""Every message arrives, signed, whatever its receiver does; and the others don't notice."""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path

import msgspec
import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from drumroll.domain.events import LockUndone, OrderExpired, OrderFirmed, OrderLocked
from drumroll.webhooks.store import Store
from tests.webhooks.house import HANG, Got, House, a_while, house, name_of, receiver, until
from tests.webhooks.test_schedule import TIMES_S


def test_a_good_receiver_gets_each_message_once_and_those_of_an_order_in_order(tmp_path: Path) -> None:
    kinds = ["order.firm", "order.locked", "order.lock_undone", "order.locked"]
    with house(tmp_path) as home, receiver() as good:
        for number in range(0, 120, 3):
            names = [f"ord_{number + offset}" for offset in range(3)]
            home.happened(*(OrderFirmed(name, "p") for name in names), *(OrderLocked(name, True) for name in names))
            home.happened(*(LockUndone(name, b"k" * 16, b"f" * 8) for name in names))
            home.happened(*(OrderLocked(name, False) for name in names))
        endpoint = home.endpoint(good.url)

        async def scene() -> None:
            await until(lambda: home.store.stretches(endpoint)[0].at.position > home.log.head())

        home.deliver(scene)
        assert all(count == 1 for count in Counter(good.ids).values())
        told: dict[str, list[str]] = {}
        for got in good.got:
            told.setdefault(got.order, []).append(msgspec.json.decode(got.body)["type"])
        assert told == {f"ord_{number}": kinds for number in range(120)}


def test_what_happens_while_the_deliverer_runs_is_told_within_a_second(tmp_path: Path) -> None:
    with house(tmp_path) as home, receiver() as good:
        home.endpoint(good.url)

        async def scene() -> None:
            await a_while()
            (name,) = home.firmed(1)
            await until(lambda: good.ids == [name], within_s=1)

        home.deliver(scene)


def test_the_published_library_takes_every_message_and_no_other_body(tmp_path: Path) -> None:
    with house(tmp_path) as home, receiver() as good:
        home.firmed(5)
        (secret,) = home.secrets(home.endpoint(good.url))

        async def scene() -> None:
            await until(lambda: len(good.got) == 5)

        home.deliver(scene)
        for got in good.got:
            assert Webhook(secret).verify(got.body, got.headers)["type"] == "order.firm"
            with pytest.raises(WebhookVerificationError):
                Webhook(secret).verify(got.body + b" ", got.headers)


def test_while_a_secret_rotates_both_verify_and_a_day_later_only_the_new_one(tmp_path: Path) -> None:
    with house(tmp_path) as home, receiver() as good:
        endpoint = home.endpoint(good.url)
        (old,) = home.secrets(endpoint)
        new = "whsec_" + "A" * 40

        async def scene() -> None:
            home.firmed(1)
            await until(lambda: len(good.got) == 1)
            home.other.rotate(endpoint, new, home.now_ms)
            await a_while()
            home.firmed(1)
            await until(lambda: len(good.got) == 2)
            home.now_ms += 24 * 3600 * 1000
            home.firmed(1)
            await until(lambda: len(good.got) == 3)

        home.deliver(scene)
        before, during, after = good.got
        Webhook(old).verify(before.body, before.headers)
        Webhook(old).verify(during.body, during.headers)
        Webhook(new).verify(during.body, during.headers)
        assert len(during.headers["webhook-signature"].split(" ")) == 2
        assert len(after.headers["webhook-signature"].split(" ")) == 1


def test_a_message_is_tried_at_the_published_times_then_kept_and_its_endpoint_is_failing(tmp_path: Path) -> None:
    with house(tmp_path) as home, receiver(lambda _: 500) as bad:
        endpoint = home.endpoint(bad.url)
        (message,) = home.firmed(1)
        began_ms, tried_s = home.now_ms, [0]

        async def scene() -> None:
            await until(lambda: home.store.failed(endpoint)[0] == 1)
            while (due_at_ms := home.store.failed(endpoint)[2]) is not None:
                home.now_ms, count = due_at_ms - 1, len(bad.got)
                await a_while(0.05)
                assert len(bad.got) == count, "tried before it was due"
                home.now_ms = due_at_ms
                tried_s.append((due_at_ms - began_ms) // 1000)
                await until(lambda due=due_at_ms: home.store.failed(endpoint)[2] != due)  # type: ignore[misc]
            await until(lambda: home.said)

        home.deliver(scene)
        assert tried_s == TIMES_S
        assert bad.ids == [message] * len(TIMES_S)
        assert home.store.endpoint(endpoint).state == "failing"
        assert home.store.failed(endpoint) == (0, 1, None)
        assert endpoint in home.said[0]

        bad.answer = lambda _: 200
        assert home.other.replay_failed(endpoint, home.now_ms) == 1
        home.other.enable(endpoint, None, home.now_ms)

        async def replayed() -> None:
            await until(lambda: home.store.failed(endpoint) == (0, 0, None))

        home.deliver(replayed)
        assert bad.took == [message]


def test_each_attempt_is_signed_with_its_own_time_under_the_same_id(tmp_path: Path) -> None:
    with house(tmp_path) as home, receiver(lambda got: 500 if got.number == 0 else 200) as bad:
        endpoint = home.endpoint(bad.url)
        home.firmed(1)

        async def scene() -> None:
            await until(lambda: home.store.failed(endpoint)[0] == 1)
            home.now_ms += 5000
            await until(lambda: len(bad.took) == 1)

        home.deliver(scene)
        first, second = bad.got
        assert first.id == second.id
        assert first.body == second.body
        assert int(second.headers["webhook-timestamp"]) == int(first.headers["webhook-timestamp"]) + 5


def test_a_receiver_that_hangs_does_not_keep_another_one_waiting(tmp_path: Path) -> None:
    with (
        house(tmp_path) as home,
        receiver(lambda _: HANG) as hanging,
        receiver(lambda _: 500) as bad,
        receiver() as good,
    ):
        endpoints = [home.endpoint(each.url) for each in (hanging, bad, good)]
        names = home.firmed(300)

        async def scene() -> None:
            await until(lambda: len(good.got) == len(names), within_s=5)

        began = time.monotonic()
        home.deliver(scene)
        assert time.monotonic() - began < 8
        assert sorted(good.ids) == sorted(names)
        assert len(hanging.got) == 1
        assert home.store.stretches(endpoints[0])[0].at.position == 1, "the cursor passed what is not settled"


def test_a_receiver_that_hangs_is_given_up_on_after_its_time_and_tried_again(tmp_path: Path) -> None:
    answers = {0: HANG}
    with house(tmp_path, attempt_s=0.3) as home, receiver(lambda got: answers.get(got.number, 200)) as slow:
        endpoint = home.endpoint(slow.url)
        (name,) = home.firmed(1)

        async def scene() -> None:
            await until(lambda: home.store.failed(endpoint)[0] == 1)
            assert "no answer within 0.3 s" in home.store.endpoint(endpoint).last_outcome
            home.now_ms += 5000
            await until(lambda: slow.took == [name])

        home.deliver(scene)


def test_410_ends_it_at_once_and_enabling_it_loses_nothing(tmp_path: Path) -> None:
    with house(tmp_path) as home, receiver(lambda _: 410) as gone:
        endpoint = home.endpoint(gone.url)
        names = home.firmed(50)

        async def scene() -> None:
            await until(lambda: home.said)
            home.now_ms += 3600 * 1000
            names.extend(home.firmed(1))
            await a_while()

        home.deliver(scene)
        assert len(gone.got) == 1
        assert home.store.endpoint(endpoint).state == "disabled"
        assert "410" in home.store.endpoint(endpoint).why

        gone.answer = lambda _: 200
        home.other.enable(endpoint, None, home.now_ms)

        async def enabled() -> None:
            await until(lambda: set(gone.took) == set(names))

        home.deliver(enabled)


def test_a_410_to_a_message_that_is_tried_again_ends_it_too(tmp_path: Path) -> None:
    with house(tmp_path) as home, receiver(lambda got: 410 if got.number else 500) as gone:
        endpoint = home.endpoint(gone.url)
        home.firmed(1)

        async def scene() -> None:
            await until(lambda: home.store.failed(endpoint)[0] == 1)
            home.now_ms += 5000
            await until(lambda: home.said)

        home.deliver(scene)
        assert home.store.endpoint(endpoint).state == "disabled"
        assert home.store.failed(endpoint)[0] == 1, "what had failed is kept"


def test_a_redirect_is_a_failure_and_is_not_followed(tmp_path: Path) -> None:
    with house(tmp_path) as home, receiver() as elsewhere, receiver(lambda _: 307) as moved:
        moved.headers["location"] = elsewhere.url
        endpoint = home.endpoint(moved.url)
        home.firmed(1)

        async def scene() -> None:
            await until(lambda: home.store.failed(endpoint)[0] == 1)

        home.deliver(scene)
        assert not elsewhere.got
        assert "redirects are not followed" in home.store.endpoint(endpoint).last_outcome


def test_an_answer_without_end_is_not_read_to_it(tmp_path: Path) -> None:
    with house(tmp_path) as home, receiver() as endless:
        endless.endless = True
        names = home.firmed(5)
        home.endpoint(endless.url)

        async def scene() -> None:
            await until(lambda: sorted(endless.took) == names, within_s=5)

        home.deliver(scene)


def test_a_message_that_is_never_taken_does_not_hold_up_the_others(tmp_path: Path) -> None:
    with house(tmp_path) as home, receiver(lambda got: 500 if got.id == name_of(10) else 200) as picky:
        names = home.firmed(200)
        endpoint = home.endpoint(picky.url)

        async def scene() -> None:
            await until(lambda: len(picky.took) == len(names) - 1)

        home.deliver(scene)
        assert sorted(picky.took) == sorted({*names} - {name_of(10)})
        assert home.store.failed(endpoint)[0] == 1
        assert home.store.endpoint(endpoint).state == "active"


def test_an_outage_costs_a_row_a_pause_not_a_row_a_message_and_ends_with_everything_delivered(tmp_path: Path) -> None:
    with house(tmp_path) as home, receiver(lambda _: 503) as down:
        names = home.firmed(600)
        endpoint = home.endpoint(down.url)

        async def outage() -> None:
            for _ in range(60):
                home.now_ms += 60_000
                await a_while(0.02)

        home.deliver(outage)
        waiting, given_up, _ = home.store.failed(endpoint)
        assert 1 <= waiting <= 30
        assert given_up == 0
        down.answer = lambda _: 200

        async def back() -> None:
            home.now_ms += 300_000
            await until(lambda: home.store.failed(endpoint)[0] == 0 and len(down.took) >= len(names))

        home.deliver(back)
        assert set(down.took) == set(names)


def test_an_endpoint_that_takes_some_is_not_called_failing_for_one_it_never_takes(tmp_path: Path) -> None:
    with house(tmp_path) as home, receiver(lambda got: 500 if got.id == name_of(1) else 200) as picky:
        home.firmed(1)
        endpoint = home.endpoint(picky.url)

        async def scene() -> None:
            await until(lambda: home.store.failed(endpoint)[0] == 1)
            home.now_ms += 5000
            home.firmed(1)
            await until(lambda: picky.took)
            while (due_at_ms := home.store.failed(endpoint)[2]) is not None:
                home.now_ms = max(due_at_ms, home.now_ms)
                await until(lambda due=due_at_ms: home.store.failed(endpoint)[2] != due)  # type: ignore[misc]

        home.deliver(scene)
        assert home.store.failed(endpoint) == (0, 1, None)
        assert home.store.endpoint(endpoint).state == "active"


def test_retry_after_is_waited_for(tmp_path: Path) -> None:
    with house(tmp_path) as home, receiver(lambda _: 429) as busy:
        busy.headers["retry-after"] = "120"
        endpoint = home.endpoint(busy.url)
        home.firmed(2)
        began_ms = home.now_ms

        async def scene() -> None:
            await until(lambda: home.store.failed(endpoint)[0] == 1)
            home.now_ms += 119_000
            await a_while()

        home.deliver(scene)
        assert len(busy.got) == 1, "asked again before the time that the receiver gave"
        assert home.store.failed(endpoint)[2] == began_ms + 120_000


def test_an_endpoint_gets_only_the_types_that_it_asked_for(tmp_path: Path) -> None:
    with house(tmp_path) as home, receiver() as good:
        for number in range(40):
            home.happened(OrderFirmed(f"ord_{number}", "p"), OrderExpired(f"ord_x{number}"))
        endpoint = home.endpoint(good.url, "order.expired")

        async def scene() -> None:
            await until(lambda: home.store.stretches(endpoint)[0].at.position > home.log.head())

        home.deliver(scene)
        assert sorted(good.ids) == sorted(name_of(position, 1) for position in range(1, 41))


def test_a_replay_sends_just_those_blocks_again_under_the_same_ids_beside_what_is_new(tmp_path: Path) -> None:
    with house(tmp_path) as home, receiver() as good:
        names = home.firmed(100)
        endpoint = home.endpoint(good.url, position=101)

        async def scene() -> None:
            home.other.replay(endpoint, 11, 90)
            names.extend(home.firmed(1))
            await until(lambda: len(good.got) == 81 and len(home.store.stretches(endpoint)) == 1)
            await a_while()

        home.deliver(scene)
        assert sorted(good.ids) == sorted([*names[10:90], names[100]])


@pytest.mark.parametrize("change", [Store.remove, lambda store, name: store.disable(name, "by hand")])
def test_an_endpoint_removed_or_disabled_while_it_hangs_gets_nothing_more(tmp_path: Path, change: object) -> None:
    with house(tmp_path) as home, receiver(lambda _: HANG) as hanging:
        endpoint = home.endpoint(hanging.url)
        home.firmed(10)

        async def scene() -> None:
            await until(lambda: hanging.got)
            change(home.other, endpoint)  # type: ignore[operator]
            await a_while()
            hanging.released.set()
            await a_while()

        home.deliver(scene)
        assert len(hanging.got) == 1


def test_a_deliverer_that_ends_in_the_middle_goes_on_without_a_gap(tmp_path: Path) -> None:
    seen: set[str] = set()

    def answer(got: Got) -> int:
        seen.add(got.id)
        return 500 if len(seen) % 7 == 0 else 200

    with house(tmp_path) as home, receiver(answer) as shaky:
        names = home.firmed(150)
        endpoint = home.endpoint(shaky.url)
        for share in (20, 60, 110):
            _run_until(home, shaky.took, share)

        async def rest() -> None:
            while set(shaky.took) != set(names):
                home.now_ms += 60_000
                await a_while(0.02)
            await until(lambda: home.store.stretches(endpoint)[0].at.position > home.log.head())

        home.deliver(rest)


def _run_until(home: House, took: list[str], count: int) -> None:
    async def scene() -> None:
        while len(set(took)) < count:
            home.now_ms += 5000
            await a_while(0.01)

    home.deliver(scene)
