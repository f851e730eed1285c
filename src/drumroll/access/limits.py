"""How often somebody may ask: token buckets by person and by address (OWASP API4:2023). Pure: the time is an argument.

A campus or a mobile network is thousands of people behind one address. So whoever has a valid session has a bucket of
their own and no other; an address pays only for what is anonymous or fails, and its bucket is a hundred times as wide.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from drumroll.errors import TooMany

Network = IPv4Network | IPv6Network
ADDRESS_WIDTH = 100
"""How many times a person's bucket an address' is wide."""
HOPS_LIMIT = 32
"""Hops of ``X-Forwarded-For`` that are looked at, from the right."""
FORWARDED_LIMIT = 4096
"""Characters of ``X-Forwarded-For`` that are looked at, from the right."""
UNKNOWN = "unknown"
"""The address of whoever has none (a socket in the file system)."""
_ROUNDING_S = 1e-6
_SWEPT_AT_ONCE = 8


class Buckets:
    """A bucket for each key: ``burst`` at once, refilled with ``rate_per_s``; no more than ``keys_limit`` of them.

    A bucket is kept as the time at which it will be full again (as in the generic cell rate algorithm of ITU-T I.371):
    one number, and a bucket that is full need not be kept at all. Beyond the limit the bucket that was not touched
    for longest is forgotten, as if it were full.
    """

    def __init__(self, rate_per_s: float, burst: float, keys_limit: int) -> None:
        self.rate_per_s, self.burst, self.keys_limit = rate_per_s, burst, keys_limit
        self._full_at_s: dict[str, float] = {}

    def __len__(self) -> int:
        return len(self._full_at_s)

    def take(self, key: str, now_s: float, amount: float = 1.0) -> float:
        """0.0 if it was taken, else the seconds until it could be (infinity: it is more than a bucket holds)."""
        if amount > self.burst:
            return math.inf
        whole_s = self.burst / self.rate_per_s
        # Never emptier than empty: a clock that was set back must not lock anybody out for as long.
        full_at_s = min(max(self._full_at_s.pop(key, now_s), now_s), now_s + whole_s)
        after_s = full_at_s + amount / self.rate_per_s
        wait_s = after_s - now_s - whole_s
        taken = wait_s <= _ROUNDING_S
        self._full_at_s[key] = after_s if taken else full_at_s
        self._sweep(now_s)
        return 0.0 if taken else wait_s

    def give_back(self, key: str, amount: float = 1.0) -> None:
        """As if so much had not been taken. A bucket never holds more than its burst."""
        if key in self._full_at_s:
            self._full_at_s[key] -= amount / self.rate_per_s

    def _sweep(self, now_s: float) -> None:
        """Forget some that are full, from the one that was not touched for longest on; and all beyond the limit."""
        for _ in range(_SWEPT_AT_ONCE):
            oldest = next(iter(self._full_at_s))
            if len(self._full_at_s) <= self.keys_limit and self._full_at_s[oldest] > now_s:
                return
            del self._full_at_s[oldest]
            if not self._full_at_s:
                return


class Guard:
    """Who may go on, and who has to wait. Call ``admit`` before, and ``succeeded`` when it went well.

    An address' bucket is ``address_width`` times as wide as a person's.
    """

    def __init__(
        self, rate_per_s: float, burst: float, keys_limit: int = 100_000, address_width: int = ADDRESS_WIDTH
    ) -> None:
        self._signed_in = Buckets(rate_per_s, burst, keys_limit)
        self._tried = Buckets(rate_per_s, burst, keys_limit)
        self._addresses = Buckets(rate_per_s * address_width, burst * address_width, keys_limit)

    def admit(self, address: str, now_s: float, *, subject: str = "", tried: str = "", amount: float = 1.0) -> float:
        """0.0: go on; else the seconds until it could be.

        Args:
            address: as ``client_address`` gives it.
            now_s: the time.
            subject: whose valid session it is; empty for none. Then the address pays nothing.
            tried: as whom somebody without a session tries to get in (a name, a contact). It has a bucket apart, so
                that a stranger's tries take nothing from those whose name it is.
            amount: how much of a bucket it takes.
        """
        if subject:
            return self._signed_in.take(subject, now_s, amount)
        wait_s = self._addresses.take(address, now_s, amount)
        if wait_s or not tried:
            return wait_s
        wait_s = self._tried.take(tried, now_s, amount)
        if wait_s:
            self._addresses.give_back(address, amount)
        return wait_s

    def succeeded(self, address: str, *, tried: str = "", amount: float = 1.0) -> None:
        """It went well: neither the address nor the name pays for it."""
        self._addresses.give_back(address, amount)
        if tried:
            self._tried.give_back(tried, amount)


def refuse(wait_s: float) -> None:
    """Raises ``TooMany`` if there is anything to wait for."""
    if wait_s > 0:
        seconds = 86_400 if math.isinf(wait_s) else max(1, math.ceil(wait_s))
        raise TooMany(f"asked too often; ask again in {seconds} s", seconds)


def networks(proxies: str) -> tuple[Network, ...]:
    """The networks of a setting such as ``10.0.0.0/8, ::1``. Raises ``ValueError`` naming what is none."""
    return tuple(ip_network(one.strip()) for one in proxies.split(",") if one.strip())


def client_address(peer: str, forwarded_for: str | None, proxies: Sequence[Network]) -> str:
    """Who asks: the rightmost hop that is none of our proxies; an IPv6 address by its /64, which is one customer's.

    What stands further left in ``X-Forwarded-For`` was written by that hop, and is worth nothing.
    """
    found = _address(peer)
    hops = (forwarded_for or "")[-FORWARDED_LIMIT:].split(",")[-HOPS_LIMIT:]
    while found is not None and hops and any(found in network for network in proxies):
        before = _address(hops.pop())
        if before is None:
            break
        found = before
    return UNKNOWN if found is None else _key(found)


def _address(text: str) -> IPv4Address | IPv6Address | None:
    """An address as it stands in ``X-Forwarded-For``: with a port, in brackets, with a zone, or plain."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        found = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return (found.ipv4_mapped or found) if isinstance(found, IPv6Address) else found


def _key(address: IPv4Address | IPv6Address) -> str:
    if isinstance(address, IPv4Address):
        return str(address)
    return str(IPv6Network((int(address) >> 64 << 64, 64)))
