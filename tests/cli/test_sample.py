"""``drumroll sample``, from a real order log to what the auditor holds in hand."""

from __future__ import annotations

import csv
import json
import shutil
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from drumroll import bootstrap
from drumroll.cli.main import cli
from drumroll.domain import events as ev
from drumroll.domain.launch import Launch
from drumroll.domain.launch_file import parse_bytes
from drumroll.errors import DrumrollError
from drumroll.log.base import Block
from drumroll.log.sqlite import SqliteLog
from drumroll.proof.checkpoint import parse_checkpoint
from drumroll.proof.note import VerifierKey, note_bytes, parse_note, parse_verifier, sign_note
from drumroll.proof.sample import check_sample, draw, parse_sample
from drumroll.proof.tiles import bundles_of, tile_path, unbundle
from drumroll.settings import Settings
from drumroll.transparency.keys import make_ring, open_ring
from tests.exchange.large import write_large

VALUE = "lottery of 5 July: 04 11 17 23 31 36"
ORDERS = 1_500
YU7 = parse_bytes((Path(__file__).parents[2] / "launches" / "yu7.toml").read_bytes(), "yu7.toml")
CLAIM = """drumroll claim/v1
{checkpoint}claim: firm orders
value: 1500
unit: orders
from: the beginning
until: the checkpoint
definition: What is counted.
"""


class House:
    """An operator's order log, keys and published log, with two checkpoints."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.orders, self.keys, self.public = folder / "orders.drumroll", folder / "keys", folder / "public"
        make_ring(self.keys, "log.example.com/yu7")

    def publish(self) -> None:
        settings = Settings(log=str(self.orders), keys=str(self.keys))
        with bootstrap.opened_publisher(settings, self.public, None, []) as publisher:
            publisher.start()
            publisher.step()
            publisher.publish()
            while publisher.step():
                pass
            publisher.publish()

    @property
    def key(self) -> VerifierKey:
        return parse_verifier((self.public / "keys").read_text().strip())

    def checkpoint(self) -> bytes:
        return (self.public / "checkpoint").read_bytes()

    def entries(self) -> list[bytes]:
        size = parse_checkpoint(parse_note(self.checkpoint()).text).size
        bundles = [unbundle((self.public / tile_path(tile)).read_bytes()) for tile in bundles_of(size)]
        return [entry for bundle in bundles for entry in bundle]

    def sample(self, *words: str, random: str = VALUE, log: str = "") -> Result:
        return CliRunner().invoke(cli, ["sample", "--random", random, "--log", log or str(self.public), *words])

    def opened(self, file: Path, *words: str) -> Result:
        where = ["--orders", str(self.orders), "--keys", str(self.keys), "--output", str(file)]
        return self.sample("--open", *where, *words)


def published(folder: Path) -> House:
    house = House(folder)
    write_large(house.orders, YU7, ORDERS)
    house.publish()
    return house


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    return published(tmp_path_factory.mktemp("sample"))


def fine(result: Result) -> str:
    assert result.exit_code == 0, result.exception
    return result.stdout


def told(result: Result) -> Any:
    return json.loads(fine(result))


def refused(result: Result) -> str:
    assert isinstance(result.exception, DrumrollError), result.exception
    return str(result.exception)


def too_long(text: str, folder: Path) -> list[str]:
    """Lines of more than 80 characters, but for those with a path in them that the test made long."""
    return [line for line in text.splitlines() if len(line) > 80 and str(folder) not in line]


def flat(text: str) -> str:
    return " ".join(text.split())


# The auditor draws


def test_it_draws_what_the_published_log_and_the_value_give(house: House) -> None:
    firm = [index for index, entry in enumerate(house.entries()) if entry.startswith(b"firm ")]
    assert len(firm) == ORDERS
    root = parse_checkpoint(parse_note(house.checkpoint()).text).root
    found = told(house.sample("--json"))
    assert found["indices"] == [firm[place] for place in draw(root, VALUE, len(firm), 400)]
    assert (found["n"], found["population"], found["kind"], found["opened"]) == (400, ORDERS, "firm", False)
    assert told(house.sample("--json")) == found
    assert told(house.sample("--json", random=VALUE + "!"))["indices"] != found["indices"]


def test_an_auditor_is_told_what_to_ask_for_how_sure_it_makes_and_what_it_does_not_prove(house: House) -> None:
    text = fine(house.sample())
    indices = sorted(told(house.sample("--json"))["indices"])
    assert all(f"{index:,}" in text for index in indices[:100])
    assert too_long(text, house.folder) == []
    assert text == "\n".join(line.rstrip() for line in text.splitlines()) + "\n"
    for words in (
        "400 of 1,500 entries that say 'firm', drawn at random",
        "Entries to ask for",
        "--output FILE or --json has all of them",
        "chance to miss them all",
        "with 95 % confidence fewer than 10 of the 1,500",
        "Get the payments from the payment provider itself",
        "What a sample does not prove",
        "payments for orders of one's own are real payments",
        f"drumroll sample --random '{VALUE}'",
        "--open",
    ):
        assert words in flat(text)


def test_what_one_percent_invented_would_be_is_exact(house: House) -> None:
    found = told(house.sample("--json"))
    of_share = {one["share"]: one for one in found["chances"]}
    assert list(of_share) == [0.001, 0.005, 0.01, 0.02, 0.05]
    one_percent = of_share[0.01]
    missed = 1.0
    for number in range(400):  # drawn one after the other, none of the 15
        missed *= (ORDERS - 15 - number) / (ORDERS - number)
    assert one_percent["invented"] == 15
    assert one_percent["chance_to_miss_all"] == pytest.approx(missed)
    assert one_percent["needed_for_95_percent"] == 271
    assert found["fewer_than_with_95_percent"] == 10


def test_a_request_can_be_sent_as_a_file(house: House, tmp_path: Path) -> None:
    file = tmp_path / "request.txt"
    text = fine(house.sample("-n", "5", "--output", str(file)))
    assert "which asks for these entries" in text
    sample = parse_sample(file.read_bytes())
    assert not sample.opened
    assert check_sample(sample, [house.key]).faults == ()


def test_every_kind_of_entry_can_be_drawn_and_all_of_them(house: House) -> None:
    kinds = [entry.split(b" ")[0].decode() for entry in house.entries()]
    for kind in ("reserved", "locked", "cancelled"):
        found = told(house.sample("--kind", kind, "-n", "20", "--json"))
        assert {kinds[index] for index in found["indices"]} == {kind}
        assert found["population"] == kinds.count(kind)
    assert told(house.sample("--kind", "all", "-n", "20", "--json"))["population"] == len(kinds)


def test_it_draws_the_same_from_a_url(house: House) -> None:
    handler = partial(Quiet, directory=str(house.public))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            found = house.sample("-n", "50", "--json", log=f"http://127.0.0.1:{server.server_port}")
        finally:
            server.shutdown()
            thread.join()
    assert told(found) == told(house.sample("-n", "50", "--json"))


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None: ...


def test_an_earlier_checkpoint_is_drawn_from_by_its_size(house: House) -> None:
    first = parse_checkpoint(parse_note((house.public / "checkpoints").read_bytes().split(b"\n\nlog.")[0] + b"\n").text)
    found = told(house.sample("--size", str(first.size), "--json"))
    assert found["size"] == first.size < len(house.entries())
    assert max(found["indices"]) < first.size
    assert found["indices"] != told(house.sample("--json"))["indices"]
    assert "no signed checkpoint of 77 entries" in refused(house.sample("--size", "77"))


def test_a_claims_checkpoint_is_drawn_from(house: House, tmp_path: Path) -> None:
    text = (house.public / "checkpoints").read_text().split("\n\n")[0] + "\n"
    file = tmp_path / "claim.txt"
    file.write_bytes(note_bytes(sign_note(CLAIM.format(checkpoint=text), open_ring(house.keys).signing)))
    assert told(house.sample("--claim", str(file), "--json"))["size"] == parse_checkpoint(text).size
    assert "leave out one" in refused(house.sample("--claim", str(file), "--size", "9"))
    file.write_bytes(file.read_bytes().replace(b"value: 1500", b"value: 1501"))
    assert "is not of this text" in refused(house.sample("--claim", str(file)))
    file.write_bytes(b"\xff" * 100)
    assert "UTF-8" in refused(house.sample("--claim", str(file)))
    assert "can't be read" in refused(house.sample("--claim", str(tmp_path / "none")))


@pytest.mark.parametrize("random", ["", "   ", "4711", "short!!", " a good value", "a good\tvalue", "x" * 2_000])
def test_a_random_value_that_is_none_is_refused(house: House, random: str) -> None:
    assert "random value" in refused(house.sample(random=random))


def test_a_short_value_is_refused_with_what_a_good_one_is(house: House) -> None:
    text = refused(house.sample(random="4711"))
    for words in ("8 to 1,000", "lottery", "stock index", "later day", "nobody could choose"):
        assert words in text


def test_more_than_there_are_can_not_be_drawn(house: House) -> None:
    assert "there are 1,500 of that kind" in refused(house.sample("-n", "1501"))
    assert "there are 0 of that kind" in refused(house.sample("--kind", "built", "-n", "1"))
    for n in ("0", "-5", "10001"):
        assert "allowed: 1 to 10,000" in refused(house.sample("-n", n))


def test_mistyped_words_are_usage_errors(house: House) -> None:
    assert house.sample("--kind", "invented").exit_code == 2
    assert house.sample("-n", "many").exit_code == 2
    assert CliRunner().invoke(cli, ["sample"]).exit_code == 2


def test_nothing_is_drawn_from_a_log_that_is_not_what_was_signed(house: House, tmp_path: Path) -> None:
    public = tmp_path / "public"
    shutil.copytree(house.public, public)
    bundle = public / "tile" / "entries" / "003"
    bundle.write_bytes(bundle.read_bytes().replace(b"firm firm", b"firm lock", 1))
    assert "are not those of its checkpoint" in refused(house.sample(log=str(public)))
    (public / "checkpoint").write_bytes(house.checkpoint().replace(b"log.example", b"lug.example", 1))
    refused(house.sample(log=str(public)))
    bundle.unlink()
    refused(house.sample(log=str(public)))
    assert "no published log" in refused(house.sample(log=str(tmp_path / "none")))


# The operator opens


def test_what_is_opened_shows_orders_and_payments_and_nothing_else(house: House, tmp_path: Path) -> None:
    file, table = tmp_path / "sample.txt", tmp_path / "payments.csv"
    text = fine(house.opened(file, "--csv", str(table)))
    assert too_long(text, tmp_path) == []
    assert "All 400 fit" in text
    assert "for the auditor, not for the public" in text
    sample = parse_sample(file.read_bytes())
    checked = check_sample(sample, [house.key], _firm(house))
    assert checked.faults == ()
    assert [drawn.index for drawn in sample.entries] == told(house.sample("--json"))["indices"]
    assert {one.name for drawn in sample.entries for one in drawn.fields} == {"order", "payment", ""}
    paid = dict(_payments(house.orders))
    assert {row.order: row.payment for row in checked.rows}.items() <= paid.items()
    rows = list(csv.DictReader(table.read_text().splitlines()))
    assert [row["payment"] for row in rows] == [row.payment for row in checked.rows]
    assert file.stat().st_mode & 0o777 == 0o600
    assert table.stat().st_mode & 0o777 == 0o600


def _firm(house: House) -> list[int]:
    return [index for index, entry in enumerate(house.entries()) if entry.startswith(b"firm ")]


def _payments(orders: Path) -> Iterator[tuple[str, str]]:
    reader = bootstrap.open_log_for_reading(str(orders))
    for block in reader.read(1):
        for event in block.events:
            if isinstance(event, ev.OrderFirmed):
                yield event.order_id, event.payment_id
    reader.close()


def test_customers_are_shown_only_when_asked(house: House, tmp_path: Path) -> None:
    file = tmp_path / "sample.txt"
    for words, shown in (((), False), (("--with-customers",), True)):
        fine(house.opened(file, "--kind", "reserved", "-n", "30", *words))
        assert (b"customer-0" in file.read_bytes()) == shown
        rows = check_sample(parse_sample(file.read_bytes()), [house.key]).rows
        assert all(bool(row.customer) == shown for row in rows)


def test_a_kind_of_which_some_entries_are_the_launchs_can_be_opened(house: House, tmp_path: Path) -> None:
    found = told(house.opened(tmp_path / "sample.txt", "--kind", "all", "-n", str(min(1_000, ORDERS)), "--json"))
    assert found["faults"] == []


def test_another_order_log_than_the_published_one_is_refused(house: House, tmp_path: Path) -> None:
    other = tmp_path / "other.drumroll"
    write_large(other, YU7, 700, seed=2)
    where = ["--open", "--orders", str(other), "--keys", str(house.keys), "--output", str(tmp_path / "sample.txt")]
    assert "another order log" in refused(house.sample(*where))
    assert not (tmp_path / "sample.txt").exists()


def test_other_keys_than_the_logs_are_refused(house: House, tmp_path: Path) -> None:
    make_ring(tmp_path / "keys", "log.example.com/yu7")
    where = ["--open", "--orders", str(house.orders), "--output", str(tmp_path / "sample.txt")]
    assert "none of the keys" in refused(house.sample(*where, "--keys", str(tmp_path / "keys")))
    assert "none" in refused(house.sample(*where, "--keys", str(tmp_path / "none")))
    blinded = tmp_path / "blinded"
    shutil.copytree(house.keys, blinded)
    shutil.copy2(tmp_path / "keys" / "blinding.key", blinded / "blinding.key")
    assert "blinding key" in refused(house.sample(*where, "--keys", str(blinded)))
    assert not (tmp_path / "sample.txt").exists()


def test_a_file_that_can_not_be_written_is_said(house: House, tmp_path: Path) -> None:
    assert house.opened(tmp_path).exit_code == 2  # a folder
    assert "can't be written" in refused(house.opened(tmp_path / "no" / "folder"))


def test_one_payment_for_two_orders_is_said_and_is_a_failure(tmp_path: Path) -> None:
    house = House(tmp_path)
    write_few(house.orders, YU7, ["pay-1", "pay-2", "pay-3", "pay-2", "pay-5"])
    house.publish()
    result = house.opened(tmp_path / "sample.txt", "-n", "5")
    assert result.exit_code == 1
    assert "1 do not fit" in result.stdout
    assert "its payment 'pay-2' is that of entry" in result.stdout
    found = json.loads(house.opened(tmp_path / "sample.txt", "-n", "5", "--json").stdout)
    assert ["pay-2" in fault["what"] for fault in found["faults"]] == [True]


def write_few(path: Path, launch: Launch, payments: list[str]) -> None:
    """An order log of orders that were paid so."""
    model = launch.models[0]
    log = SqliteLog(path)
    log.append(Block(1, 1_750_946_400_000, (ev.LaunchSet(launch),)))
    for number, payment in enumerate(payments):
        key = number.to_bytes(16, "big")
        made = ev.OrderReserved(f"ord-{number}", "ada", model.id, model.trims[0].id, 9, 5, 900, key, key[:8])
        log.append(Block(2 + number, 1_750_946_400_001 + number, (made, ev.OrderFirmed(f"ord-{number}", payment))))
    log.close()
