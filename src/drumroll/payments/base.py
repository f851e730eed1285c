"""The port of payments: open a payment, verify and read a webhook, pay money back. The desk never waits for it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Annotated

import msgspec


class Payment(msgspec.Struct, frozen=True, gc=False):
    """Money that arrived, as the provider tells it."""

    payment_id: str
    order_id: str
    amount_minor: int
    currency: str


Reference = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]


class PaymentData(msgspec.Struct, frozen=True, gc=False):
    """``data`` of a payment webhook. References have 1 to 64 printable ASCII characters; amounts are minor units."""

    payment_id: Reference
    order_id: Reference
    amount_minor: Annotated[int, msgspec.Meta(ge=1, le=10**15)]
    currency: Annotated[str, msgspec.Meta(min_length=3, max_length=3)]


class PaymentWebhook(msgspec.Struct, frozen=True, gc=False):
    """The body of a payment webhook; ``type`` is ``payment.succeeded``, others are acknowledged and ignored."""

    type: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    timestamp: Annotated[str, msgspec.Meta(max_length=40)]
    data: PaymentData


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
    async def refund(self, refund_id: str, payment_id: str, amount_minor: int, currency: str) -> None:
        """Pay a payment back, or part of it. Asked again with the same ``refund_id``, it pays once.

        Raises:
            DeskUnavailable: the provider can't be reached; ask again later.
        """
