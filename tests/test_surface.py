"""What others build on, frozen: a change here is a change of contract, and belongs into the CHANGELOG."""

from __future__ import annotations

from collections.abc import Iterator

import click
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
            "options",
            "region",
            "cooling_off_s",
            "promise",
        ),
    ),
    3: ("OrderFirmed", ("order_id", "payment_id", "promise")),
    4: ("OrderExpired", ("order_id",)),
    5: ("OrderCancelled", ("order_id", "refund_minor", "key", "fingerprint")),
    6: ("DepositOwedBack", ("order_id", "payment_id", "amount_minor", "currency", "reason")),
    7: ("RefundPaid", ("refund_id", "operator", "reason")),
    8: ("OrderLocked", ("order_id", "early", "undo_s", "key", "fingerprint")),
    9: ("LockUndone", ("order_id", "key", "fingerprint")),
    10: ("OrderForfeited", ("order_id", "forfeited_minor", "key", "fingerprint")),
    11: (
        "OrderChanged",
        (
            "order_id",
            "trim",
            "options",
            "region",
            "price_minor",
            "key",
            "fingerprint",
            "operator",
            "reason",
            "price_before_minor",
            "promise",
        ),
    ),
    12: (
        "OrderConverted",
        (
            "order_id",
            "window",
            "model",
            "trim",
            "options",
            "region",
            "price_minor",
            "deposit_minor",
            "due_minor",
            "refund_minor",
            "cooling_off_s",
            "cooling_from_ms",
            "state",
            "queued_at_ms",
            "reverts",
            "key",
            "fingerprint",
            "price_before_minor",
            "promise",
        ),
    ),
    13: ("DifferencePaid", ("order_id", "payment_id", "amount_minor")),
    14: (
        "OrderImported",
        (
            "order_id",
            "reference",
            "customer",
            "model",
            "trim",
            "options",
            "region",
            "price_minor",
            "deposit_minor",
            "payment_id",
            "state",
            "reserved_at_ms",
            "firm_at_ms",
            "locked_at_ms",
            "cooling_off_s",
            "digest",
        ),
    ),
    15: ("WaitingJoined", ("order_id", "customer", "model", "trim", "options", "region", "key", "fingerprint")),
    16: ("PlaceOffered", ("order_id", "price_minor", "deposit_minor", "hold_s", "cooling_off_s", "promise")),
    17: ("WaitingLeft", ("order_id", "key", "fingerprint")),
    18: ("SalesSet", ("action", "model", "operator", "reason", "key", "fingerprint")),
    19: ("CapSet", ("model", "trim", "cap", "operator", "reason", "key", "fingerprint")),
    20: ("WindowMoved", ("window", "closes_at_ms", "operator", "reason", "key", "fingerprint")),
    21: ("OrderWithdrawn", ("order_id", "refund_minor", "forfeited_minor", "operator", "reason", "key", "fingerprint")),
    22: ("RefundGranted", ("order_id", "amount_minor", "operator", "reason", "key", "fingerprint")),
    23: ("OrdersMoved", ("state", "order_ids", "operator", "reason", "key", "fingerprint")),
    24: ("SafetySet", ("late",)),
    25: (
        "CapacitySet",
        ("resource", "from_week", "until_week", "percent", "weekly", "operator", "reason", "key", "fingerprint"),
    ),
    26: ("OrderPinned", ("order_id", "promise", "operator", "reason", "key", "fingerprint")),
    27: (
        "PlanAccepted",
        (
            *("plan", "policy", "based_on", "groups", "operator", "reason", "key", "fingerprint"),
            *("part", "parts", "orders"),
        ),
    ),
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
    never_over_http = {Code.INVALID_IMPORT, Code.WRONG_LAUNCH}
    assert answered - never_over_http <= set(STATUS)


def test_commands_are_these_and_each_help_has_an_example() -> None:
    named = "check import serve operator person draw webhooks key log claim verify witness sample backup export audit"
    later = "market waits plan promises whatif ledger figures forecast outlook rehearse bench"
    assert list(COMMANDS) == [*named.split(), *later.split()]
    for words in _every_command(cli, click.Context(cli), ()):
        shown = CliRunner().invoke(cli, [*words, "--help"])
        assert shown.exit_code == 0, shown.output
        assert "Example" in shown.output, f"drumroll {' '.join(words)} --help shows no example"
        assert "\\b" not in shown.output, f"drumroll {' '.join(words)} --help shows how it is written"
        assert max(map(len, shown.output.splitlines())) <= 80


def _every_command(group: click.Group, context: click.Context, before: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    for name in group.list_commands(context):
        yield (*before, name)
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from _every_command(command, click.Context(command), (*before, name))


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
        "keys",
        "publish",
        "witnesses",
        "quotes",
        "session_s",
        "operator_session_s",
        "public_url",
        "proxies",
        "people_key",
        "smtp",
        "mail_from",
        "sms",
        "oidc",
        "operators_oidc",
        "notices",
        "notices_per_s",
        "queue_limit",
        "batch_limit",
        "body_limit_bytes",
        "header_limit_bytes",
        "header_timeout_ms",
        "body_timeout_ms",
        "connections_limit",
        "viewers_limit",
        "drain_s",
    )
