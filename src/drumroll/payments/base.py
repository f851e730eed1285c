"""The port of payments: open a payment, verify and read a webhook, pay money back. The desk never waits for it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping

import msgspec


class Payment(msgspec.Struct, frozen=True, gc=False):
    """Money that arrived, as the provider tells it."""

    payment_id: str
    order_id: str
    amount_minor: int
    currency: str


class PaymentProvider(ABC):
    """Whoever holds the money."""

    @abstractmethod
    def pay_url(self, order_id: str) -> str:
        """Where the customer pays the deposit of this order. No network call: it is part of the answer to an order."""

    @abstractmethod
    def read_webhook(self, headers: Mapping[bytes, bytes], body: bytes, now_ms: int) -> Payment | None:
        """The payment that an authentic webhook tells of; ``None`` if it tells of something else.

        Raises:
            WebhookRejected: it is not authentic, too old, or can't be read.
        """

    @abstractmethod
    async def refund(self, payment_id: str, amount_minor: int, currency: str) -> None:
        """Pay a payment back. Asked again for the same payment, it pays once.

        Raises:
            DeskUnavailable: the provider can't be reached; ask again later.
        """
