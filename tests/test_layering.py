"""The house's one rule, read off the imports: who may reach whom, and what pure folders never touch."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

SOURCE = Path(__file__).parent.parent / "src" / "drumroll"
ENGINES = {"drumroll.log.sqlite", "drumroll.log.memory", "drumroll.log.backup", "drumroll.payments.sandbox"}
PURE = {"domain", "plan", "outlook", "market", "proof"}
ALLOWED = {
    "domain": {"errors"},
    "market": {"errors"},
    "proof": {"errors"},
    "plan": {"domain", "errors"},
    "outlook": {"domain", "errors"},
    "log": {"domain", "errors"},
    "payments": {"domain", "errors"},
    "exchange": {"domain", "log.base", "market", "outlook", "errors"},
    "desk": {"domain", "plan", "log.base", "payments.base", "errors"},
    "web": {
        *("desk", "domain", "plan", "outlook", "market", "proof", "transparency", "log.base"),
        *("payments.base", "payments.sandbox", "errors"),
        *("access", "notices", "people", "room", "words"),
        *("webhooks.endpoint", "webhooks.messages", "webhooks.store"),
    },
    # Who is it, who are they, whose turn is it, how is it said: none of them knows of the web.
    "access": {"errors", "side_file"},
    "people": {"errors", "side_file"},
    "room": {"domain", "errors", "side_file"},
    "words": {"domain.launch", "domain.launch_texts", "domain.money"},
    # It follows the log too, beside the desk: what it says is made from the book as it stands.
    "notices": {"domain", "people", "log.base", "errors", "side_file"},
    # They follow the log read-only, each in a process of its own.
    "transparency": {"domain", "proof", "errors", "log.base"},
    "webhooks": {"domain", "errors", "log.base", "payments.standard_webhooks"},
    # It plays the provider, so it signs; and it holds the log against what customers were told, so it reads blocks.
    "rehearsal": {"domain", "errors", "log.base", "payments.standard_webhooks"},
}
FORBIDDEN_IN_PURE = {
    "apsw",
    "asyncio",
    "http",
    "io",
    "os",
    "pathlib",
    "random",
    "secrets",
    "select",
    "shutil",
    "socket",
    "sqlite3",
    "subprocess",
    "tempfile",
    "threading",
    "time",
    "urllib",
    "uuid",
}


def modules() -> list[Path]:
    return sorted(SOURCE.rglob("*.py"))


def name_of(path: Path) -> str:
    return ".".join(("drumroll", *path.relative_to(SOURCE).with_suffix("").parts)).removesuffix(".__init__")


def folder_of(path: Path) -> str:
    parts = path.relative_to(SOURCE).parts
    return parts[0] if len(parts) > 1 else ""


@cache
def nodes(path: Path) -> tuple[ast.AST, ...]:
    return tuple(ast.walk(ast.parse(path.read_text())))


@cache
def imports(path: Path) -> frozenset[str]:
    found: set[str] = set()
    for node in nodes(path):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return frozenset(found)


def reaches(target: str, allowed: str) -> bool:
    return target == f"drumroll.{allowed}" or target.startswith(f"drumroll.{allowed}.")


# One test a rule and not one a module: there are hundreds of modules, and a test costs more than what it looks at.


def test_a_folder_imports_only_what_the_design_allows() -> None:
    def wrong() -> Iterator[str]:
        for path in modules():
            folder = folder_of(path)
            ours = [target for target in imports(path) if target.startswith("drumroll.")] if folder in ALLOWED else []
            for target in ours:
                fine = any(reaches(target, allowed) for allowed in {folder, *ALLOWED[folder]})
                if target != "drumroll.__version__" and not fine:
                    yield f"{name_of(path)} imports {target}; {folder}/ may import {sorted(ALLOWED[folder])}"

    assert list(wrong()) == []


def test_a_pure_folder_touches_no_clock_randomness_disk_network_or_environment() -> None:
    def wrong() -> Iterator[str]:
        for path in (path for path in modules() if folder_of(path) in PURE):
            touched = {target.split(".")[0] for target in imports(path)} & FORBIDDEN_IN_PURE
            if touched:
                yield f"{name_of(path)} imports {touched}"
            calls = {node.attr for node in nodes(path) if isinstance(node, ast.Attribute)}
            if calls & {"now", "utcnow", "today"}:
                yield f"{name_of(path)} asks what time it is"

    assert list(wrong()) == []


def test_only_bootstrap_names_an_engine() -> None:
    # The sandbox's own routes steer the sandbox's own provider; no other provider has such routes.
    sandbox = {"drumroll.web.sandbox", "drumroll.web.context"}

    def wrong() -> Iterator[str]:
        for path in modules():
            if folder_of(path) in {"log", "payments"} or name_of(path) == "drumroll.bootstrap":
                continue
            named = {engine for engine in ENGINES for target in imports(path) if target.startswith(f"{engine}.")}
            if named - ({"drumroll.payments.sandbox"} if name_of(path) in sandbox else set()):
                yield f"{name_of(path)} names {named}"

    assert list(wrong()) == []


def test_only_settings_and_the_command_line_read_the_environment() -> None:
    reads = ("os.environ[", "os.environ.get", "getenv")
    others = [path for path in modules() if name_of(path) != "drumroll.settings" and folder_of(path) != "cli"]
    assert [name_of(path) for path in others if any(each in path.read_text() for each in reads)] == []


def test_modules_stay_under_400_lines() -> None:
    assert [name_of(path) for path in modules() if len(path.read_text().splitlines()) >= 400] == []


def lengths() -> list[int]:
    found = []
    for path in modules():
        for node in nodes(path):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                assert node.end_lineno is not None
                first = node.body[1] if ast.get_docstring(node) and len(node.body) > 1 else node.body[0]
                found.append(node.end_lineno - first.lineno + 1)
    return sorted(found)


def test_functions_stay_short_as_the_style_asks() -> None:
    found = lengths()
    assert found[len(found) // 2] <= 10, "the median function has more than 10 lines"
    assert found[int(len(found) * 0.9)] <= 35, "more than one function in ten has over 35 lines"
