"""What others build on, frozen: a change here is a change of contract, and belongs into the CHANGELOG."""

from __future__ import annotations

import msgspec
from click.testing import CliRunner

from drumroll.cli.main import COMMANDS, cli
from drumroll.domain import events
from drumroll.domain.refusal import Code
from drumroll.settings import Settings
from drumroll.web.problems import STATUS

EVENTS = {
    0: ("DeskOpened", ("holder",)),
    1: ("LaunchSet", ("launch",)),
    2: (
        "OrderReserved",
        (
            "order_id",
            "customer",
            "model",
            "trim",
            "price_minor",
            "deposit_minor",
            "hold_s",
            "key",
            "fingerprint",
        ),
    ),
    3: ("OrderFirmed", ("order_id", "payment_id")),
    4: ("OrderExpired", ("order_id",)),
    5: ("OrderCancelled", ("order_id", "refund_minor", "key", "fingerprint")),
    6: ("DepositOwedBack", ("order_id", "payment_id", "amount_minor", "currency", "reason")),
    7: ("RefundPaid", ("payment_id",)),
}


def test_events_on_disk_keep_their_tags_and_the_order_of_their_fields() -> None:
    found = {}
    for kind in events.Event.__subclasses__():
        info = msgspec.inspect.type_info(kind)
        assert isinstance(info, msgspec.inspect.StructType)
        found[info.tag] = (kind.__name__, kind.__struct_fields__)
    assert found == EVENTS


def test_every_refusal_has_a_status() -> None:
    answered = {Code.NO_SUCH_ORDER if code is Code.NOT_YOURS else code for code in Code}
    never_over_http = {Code.NO_SUCH_REFUND, Code.WRONG_LAUNCH}
    assert answered - never_over_http <= set(STATUS)


def test_commands_are_these_and_each_help_has_an_example() -> None:
    assert list(COMMANDS) == ["check", "serve", "rehearse", "audit", "backup", "bench"]
    for name in COMMANDS:
        shown = CliRunner().invoke(cli, [name, "--help"])
        assert shown.exit_code == 0, shown.output
        assert "Example" in shown.output, f"drumroll {name} --help shows no example"
        assert max(map(len, shown.output.splitlines())) <= 80


def test_settings_are_these() -> None:
    assert Settings.__struct_fields__ == (
        "launch",
        "log",
        "host",
        "port",
        "sandbox",
        "clock",
        "secret",
        "webhook_secret",
        "session_s",
        "queue_limit",
        "batch_limit",
        "body_limit_bytes",
        "header_limit_bytes",
        "header_timeout_ms",
        "connections_limit",
        "viewers_limit",
        "drain_s",
    )
