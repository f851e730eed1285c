"""The published log of a real server: under /log/ as static files, and receipts that hold without the server."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from drumroll.errors import ProofError
from drumroll.proof.checkpoint import Checkpoint, parse_checkpoint
from drumroll.proof.note import VerifierKey, check_note, parse_note
from drumroll.proof.receipt import Receipt, check_fields, check_included, parse_receipt
from drumroll.transparency.keys import open_ring, rotate
from drumroll.transparency.leaf_index import LeafIndex
from drumroll.transparency.sources import open_published
from drumroll.web.transparency import Transparency
from tests.web.house import Answer
from tests.web.servers import RealServer

INDEPENDENT = Path(__file__).parents[1] / "proof" / "independent.py"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealServer]:
    with RealServer(tmp_path_factory.mktemp("published"), publish=True) as server:
        yield server


def keys_of(server: RealServer) -> list[VerifierKey]:
    ring = open_ring(Path(f"{server.log}-proof") / "keys")
    return [*(key.verifier for key in ring.signing), *ring.retired]


def published(server: RealServer, size: int) -> Checkpoint:
    """The checkpoint, once it has so many entries."""
    until = time.monotonic() + 20
    while time.monotonic() < until:
        answer = server.get("/log/checkpoint")
        if answer.status == 200:
            note = parse_note(answer.body)
            check_note(note, keys_of(server))
            checkpoint = parse_checkpoint(note.text)
            if checkpoint.size >= size:
                return checkpoint
        time.sleep(0.05)
    raise AssertionError(f"{size} entries were not published: {server.output.read_text()}")


def bought(server: RealServer, customer: str) -> tuple[str, str]:
    """A session, and a firm order of its customer that is published."""
    (token,) = server.sessions(customer)
    order_id = server.order(token, f"key-{customer}").json()["id"]
    assert server.pay(order_id, f"pay-{customer}").status == 200
    until = time.monotonic() + 20
    while receipt_of(server, token, order_id, "?event=firm").status == 409 and time.monotonic() < until:
        time.sleep(0.05)
    return token, order_id


def receipt_of(server: RealServer, token: str, order_id: str, query: str = "") -> Answer:
    return server.get(f"/v1/orders/{order_id}/receipt{query}", token)


def checked(server: RealServer, answer: Answer) -> tuple[Receipt, dict[str, str]]:
    assert answer.status == 200, answer.body
    receipt = parse_receipt(answer.body)
    check_note(receipt.note, keys_of(server))
    check_included(receipt)
    return receipt, check_fields(receipt)


def test_what_an_order_does_is_published_and_its_receipt_holds(server: RealServer) -> None:
    token, order_id = bought(server, "ann")
    receipt, fields = checked(server, receipt_of(server, token, order_id))
    assert receipt.entry.kind == "firm"  # type: ignore[union-attr]
    assert fields["order"] == order_id
    assert fields["payment"] == "pay-ann"
    first, fields = checked(server, receipt_of(server, token, order_id, "?event=reserved"))
    assert first.entry.order == receipt.entry.order  # type: ignore[union-attr]
    assert fields["customer"] == "ann"
    assert fields["trim"] == "plain"


def test_a_receipt_of_a_server_is_verified_by_a_program_that_shares_no_code_with_it(
    server: RealServer, tmp_path: Path
) -> None:
    token, order_id = bought(server, "bob")
    (tmp_path / "bob.tlog-proof").write_bytes(receipt_of(server, token, order_id).body)
    public = Path(f"{server.log}-proof") / "public"
    command = [sys.executable, str(INDEPENDENT), str(public), "--key", keys_of(server)[0].text]
    command += ["--receipt", str(tmp_path / "bob.tlog-proof")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_receipt_is_plain_text_to_be_saved(server: RealServer) -> None:
    token, order_id = bought(server, "gus")
    headers = receipt_of(server, token, order_id).headers
    assert headers["content-type"] == "text/plain; charset=utf-8"
    assert f"{order_id}.tlog-proof" in headers["content-disposition"]


def test_somebody_elses_receipt_is_none_of_yours(server: RealServer) -> None:
    _, order_id = bought(server, "cho")
    (other,) = server.sessions("dee")
    assert receipt_of(server, other, order_id).status == 404
    assert server.get(f"/v1/orders/{order_id}/receipt").status == 401


def test_an_event_that_an_order_does_not_have_is_named_with_those_it_has(server: RealServer) -> None:
    token, order_id = bought(server, "eve")
    answer = receipt_of(server, token, order_id, "?event=delivered")
    assert (answer.status, answer.json()["code"]) == (404, "no_such_event")
    assert "reserved, firm" in answer.json()["detail"]


def test_the_log_read_over_http_is_the_one_on_disk(server: RealServer) -> None:
    bought(server, "fay")
    remote = open_published(f"http://127.0.0.1:{server.port}/log")
    local = open_published(f"{server.log}")
    size = parse_checkpoint(parse_note(remote.checkpoint()).text).size
    assert [entry for some in remote.entries(size) for entry in some] == [
        entry for some in local.entries(size) for entry in some
    ]
    assert remote.keys() == local.keys() == keys_of(server)


def test_the_files_say_how_long_they_may_be_kept(server: RealServer) -> None:
    published(server, 1)
    checkpoint = server.get("/log/checkpoint")
    assert checkpoint.headers["cache-control"] == "max-age=1"
    assert checkpoint.headers["content-type"] == "text/plain; charset=utf-8"
    size = parse_checkpoint(parse_note(checkpoint.body).text).size
    tile = server.get(f"/log/tile/0/000.p/{size}")
    assert tile.status == 200
    assert "immutable" in tile.headers["cache-control"]
    assert tile.headers["content-type"] == "application/octet-stream"
    head = server.ask("HEAD", "/log/checkpoint")
    assert (head.status, head.body) == (200, b"")


@pytest.mark.parametrize(
    "path",
    [
        *("", "leaves", "../leaves", "../keys/1.key", "..%2fkeys%2f1.key", "tile/0/000.p/256", "tile/0/0", "tile"),
        *("tile/64/000", "tile/0/000.p/0", "tile/entries/../../../keys/1.key", "publisher.lock", "/etc/passwd", "%00"),
        *("tile/0/999", "checkpoint/", "./checkpoint", "a" * 5000),
    ],
)
def test_nothing_but_the_published_files_is_served(server: RealServer, path: str) -> None:
    answer = server.get(f"/log/{path}")
    assert answer.status == 404
    assert b"PRIVATE" not in answer.body


def test_a_publisher_that_is_behind_shows_in_the_metrics(server: RealServer) -> None:
    bought(server, "hal")
    until = time.monotonic() + 10
    while b"drumroll_unpublished_blocks 0.0" not in server.get("/metrics").body:
        assert time.monotonic() < until, server.get("/metrics").body
        time.sleep(0.05)


def test_other_methods_are_refused(server: RealServer) -> None:
    assert server.ask("POST", "/log/checkpoint").status == 404
    assert server.ask("DELETE", "/log/tile/0/000.p/1").status == 404


def test_a_server_killed_and_started_again_goes_on_with_its_log(tmp_path: Path) -> None:
    with RealServer(tmp_path, publish=True) as first:
        bought(first, "ann")
        before = published(first, 3)
    with RealServer(tmp_path, publish=True) as second:
        bought(second, "bob")
        after = published(second, before.size + 2)
        entries = [entry for some in open_published(str(second.log)).entries(after.size) for entry in some]
    assert after.size == len(entries)


def test_after_a_rotation_both_keys_sign_and_a_server_says_so(tmp_path: Path) -> None:
    with RealServer(tmp_path, publish=True) as first:
        bought(first, "ann")
        old = keys_of(first)
        first.end()
    rotate(Path(f"{first.log}-proof") / "keys")
    with RealServer(tmp_path, publish=True) as second:
        bought(second, "bob")
        note = parse_note(second.get("/log/checkpoint").body)
        assert len(check_note(note, keys_of(second))) == 2
        assert check_note(note, old) == old
        assert len(open_published(str(second.log)).keys()) == 2


def test_without_keys_there_is_no_log_and_no_receipt(tmp_path: Path) -> None:
    with RealServer(tmp_path, publish=False) as server:
        (token,) = server.sessions("ann")
        order_id = server.order(token, "key").json()["id"]
        assert server.get("/log/checkpoint").status == 404
        answer = receipt_of(server, token, order_id)
        assert (answer.status, answer.json()["code"]) == (404, "no_transparency_log")


def test_keys_that_others_may_read_are_not_used(tmp_path: Path) -> None:
    with RealServer(tmp_path, publish=True):
        pass
    (tmp_path / "o.drumroll-proof" / "keys").chmod(0o755)
    server = RealServer(tmp_path, publish=True)
    assert server.process.wait(20) != 0
    assert "chmod" in server.output.read_text()


def test_a_receipt_with_one_changed_letter_is_refused(server: RealServer) -> None:
    token, order_id = bought(server, "gil")
    body = receipt_of(server, token, order_id).body
    for at in range(0, len(body), max(1, len(body) // 60)):
        changed = body[:at] + bytes([body[at] ^ 1]) + body[at + 1 :]
        with pytest.raises((ProofError, ValueError)):
            checked(server, Answer(200, {}, changed))


def test_what_serves_the_log_never_shows_the_blinding_key() -> None:
    shown = Transparency(Path("public"), LeafIndex(Path("leaves")), b"SECRET")
    assert "SECRET" not in f"{shown!r} {shown}"
