"""Which role may do what: one table, from which docs/access.md is drawn. Pure."""

from __future__ import annotations

import re
from enum import StrEnum

import msgspec

OPERATOR = "operator:"
"""What an operator's subject begins with; no customer's can: their ids have no colon."""
OPERATOR_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")


class Role(StrEnum):
    """What an operator is there for. Each has one."""

    VIEWER = "viewer"
    SUPPORT = "support"
    OPERATOR = "operator"
    FINANCE = "finance"
    ADMIN = "admin"


class Permission(StrEnum):
    """What may be allowed. Every operators' route needs one of these."""

    SEE = "see"
    FIND_ORDERS = "find_orders"
    SEE_CONTACTS = "see_contacts"
    ACT_ON_ORDERS = "act_on_orders"
    GRANT_REFUNDS = "grant_refunds"
    RECORD_REFUNDS = "record_refunds"
    SET_SALES = "set_sales"
    MOVE_ORDERS = "move_orders"
    PLAN = "plan"
    SEE_MONEY = "see_money"
    MANAGE_WEBHOOKS = "manage_webhooks"
    MANAGE_OPERATORS = "manage_operators"
    ERASE_PEOPLE = "erase_people"


MEANING: dict[Permission, str] = {
    Permission.SEE: "the sale, the plan, the board's figures, the audit trail",
    Permission.FIND_ORDERS: "look orders up, and read their history",
    Permission.SEE_CONTACTS: "names and contacts of customers",
    Permission.ACT_ON_ORDERS: "cancel, correct and pin orders",
    Permission.GRANT_REFUNDS: "give a forfeited deposit back",
    Permission.RECORD_REFUNDS: "say that a refund was paid by hand",
    Permission.SET_SALES: "open, close and pause sales; caps and windows",
    Permission.MOVE_ORDERS: "move orders in production",
    Permission.PLAN: "change capacity, ask what if, accept a plan",
    Permission.SEE_MONEY: "ledger, outlook, refunds owed",
    Permission.MANAGE_WEBHOOKS: "the webhooks to other systems",
    Permission.MANAGE_OPERATORS: "operators' accounts and their sessions",
    Permission.ERASE_PEOPLE: "export and erase what is known of a person",
}
"""Each permission in words."""

_P = Permission
ROLES: dict[Role, frozenset[Permission]] = {
    Role.VIEWER: frozenset({_P.SEE}),
    Role.SUPPORT: frozenset({_P.SEE, _P.FIND_ORDERS, _P.SEE_CONTACTS, _P.ACT_ON_ORDERS}),
    Role.OPERATOR: frozenset(
        {_P.SEE, _P.FIND_ORDERS, _P.ACT_ON_ORDERS, _P.SET_SALES, _P.MOVE_ORDERS, _P.PLAN, _P.MANAGE_WEBHOOKS}
    ),
    Role.FINANCE: frozenset({_P.SEE, _P.FIND_ORDERS, _P.SEE_MONEY, _P.GRANT_REFUNDS, _P.RECORD_REFUNDS}),
    Role.ADMIN: frozenset(Permission),
}


class Operator(msgspec.Struct, frozen=True):
    """Somebody who runs the launch, as a session says it."""

    name: str
    role: Role


def may(role: Role, permission: Permission) -> bool:
    """Whether a role may do that."""
    return permission in ROLES[role]


def who_may(permission: Permission) -> list[Role]:
    """The roles that may do that."""
    return [role for role in Role if may(role, permission)]


def subject_of(name: str, role: Role) -> str:
    """The subject of an operator's session."""
    return f"{OPERATOR}{name}:{role}"


def operator_in(subject: str) -> Operator | None:
    """The operator of a session's subject; ``None``: a customer's, or a role that there is not."""
    name, colon, role = subject.removeprefix(OPERATOR).rpartition(":")
    if not subject.startswith(OPERATOR) or not colon or role not in set(Role) or not OPERATOR_NAME.fullmatch(name):
        return None
    return Operator(name, Role(role))


def permissions_table() -> str:
    """The table of docs/access.md, in Markdown."""
    head = ["permission", "what", *(str(role) for role in Role)]
    rows = [head, ["---"] * 2 + [":-:"] * len(Role)]
    for permission in Permission:
        marks = ["✓" if may(role, permission) else "" for role in Role]
        rows.append([f"`{permission}`", MEANING[permission], *marks])
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)
