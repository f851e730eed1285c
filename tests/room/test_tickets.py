"""A ticket that lets in somebody else, at another time, to another launch, or that can be made up."""

from __future__ import annotations

from hashlib import blake2b

from hypothesis import given
from hypothesis import strategies as st

from drumroll.access.sessions import Sessions
from drumroll.room.tickets import LONGEST, Tickets

KEY = bytes(range(32))
NOW_S = 1_777_629_630
TICKET = Tickets(KEY, "kite").issue("ada", NOW_S + 600).encode()


def test_a_ticket_admits_its_customer_until_it_ends() -> None:
    tickets = Tickets(KEY, "kite")
    assert len(TICKET) <= LONGEST
    assert tickets.admits(TICKET, "ada", NOW_S)
    assert tickets.admits(TICKET, "ada", NOW_S + 599.9)
    assert not tickets.admits(TICKET, "ada", NOW_S + 600)


def test_a_ticket_is_the_same_however_often_it_is_issued() -> None:
    assert Tickets(KEY, "kite").issue("ada", NOW_S + 600).encode() == TICKET


def test_a_ticket_is_of_one_customer_one_launch_and_one_key() -> None:
    assert not Tickets(KEY, "kite").admits(TICKET, "bob", NOW_S)
    assert not Tickets(KEY, "kit").admits(TICKET, "ada", NOW_S)
    assert not Tickets(KEY, "kit").admits(TICKET, "eada", NOW_S)
    assert not Tickets(KEY[::-1], "kite").admits(TICKET, "ada", NOW_S)


def test_a_ticket_changed_in_any_byte_admits_nobody() -> None:
    tickets = Tickets(KEY, "kite")
    for place in range(len(TICKET)):
        for byte in {TICKET[place] ^ (1 << bit) for bit in range(8)} | set(b"a0.9"):
            changed = TICKET[:place] + bytes([byte]) + TICKET[place + 1 :]
            assert changed == TICKET or not tickets.admits(changed, "ada", NOW_S), changed


def test_a_ticket_cut_or_lengthened_admits_nobody() -> None:
    tickets = Tickets(KEY, "kite")
    for place in range(len(TICKET)):
        assert not tickets.admits(TICKET[:place], "ada", NOW_S)
        assert not tickets.admits(TICKET[place + 1 :], "ada", NOW_S)
    assert not tickets.admits(TICKET + b"0", "ada", NOW_S)
    assert not tickets.admits(TICKET * 100, "ada", NOW_S)


def test_the_mac_of_a_session_is_none_of_a_ticket() -> None:
    mac = Sessions(KEY).issue("ada", NOW_S + 600).rpartition(".")[2]
    assert not Tickets(KEY, "kite").admits(b"%d.%s" % (NOW_S + 600, mac.encode()), "ada", NOW_S)
    plain = blake2b(b"%d.ada" % (NOW_S + 600), key=KEY, digest_size=16).hexdigest()
    assert not Tickets(KEY, "kite").admits(b"%d.%s" % (NOW_S + 600, plain.encode()), "ada", NOW_S)


@given(st.binary(max_size=100), st.text(st.characters(), max_size=20))
def test_noise_admits_nobody(noise: bytes, customer: str) -> None:
    assert not Tickets(KEY, "kite").admits(noise, customer, 0)
