"""What the documents say is true: their commands run, their paths exist, their tables are complete."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from drumroll.cli.main import COMMANDS, cli
from drumroll.settings import Settings
from drumroll.web.pages.routes import PAGE_ROUTES

ROOT = Path(__file__).parent.parent
READMES = [ROOT / "README.md", ROOT / "README.zh-CN.md"]
DOCUMENTS = [*READMES, ROOT / "ARCHITECTURE.md", *sorted((ROOT / "docs").glob("**/*.md"))]
SNIPPET = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)
PARTS = ("**Context.**", "**Decision.**", "**Consequences.**", "**Enforced by**")


def snippets() -> list[str]:
    """The README's shell snippets but for those marked ``no-test`` (they need a server in another terminal)."""
    lines = "".join(SNIPPET.findall((ROOT / "README.md").read_text())).splitlines()
    return [line for line in lines if line]


@pytest.mark.slow
@pytest.mark.parametrize("line", [line for line in snippets() if not line.startswith("make ")])
def test_the_readmes_commands_run(line: str, tmp_path: Path) -> None:
    assert line.startswith(".venv/bin/drumroll "), f"how to run {line!r}?"
    arguments = shlex.split(line.removeprefix(".venv/bin/drumroll "))
    arguments = [str(ROOT / word) if word.startswith(("launches/", "tests/")) else word for word in arguments]
    run = subprocess.run(
        [sys.executable, "-m", "drumroll", *arguments], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr


@pytest.mark.slow
def test_the_readmes_commands_that_belong_together_run_in_order(tmp_path: Path) -> None:
    blocks = re.findall(r"^```sh in-order\n(.*?)^```", (ROOT / "README.md").read_text(), re.MULTILINE | re.DOTALL)
    assert blocks
    for block in blocks:
        for line in block.splitlines():
            test_the_readmes_commands_run(line, tmp_path)


@pytest.mark.parametrize("line", [line for line in snippets() if line.startswith("make ")])
def test_the_readmes_make_targets_exist(line: str) -> None:
    run = subprocess.run(["make", "-n", *line.split()[1:]], cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr


def test_the_chinese_readme_has_the_commands_of_the_english_one_and_no_others() -> None:
    english, chinese = (
        re.findall(r"^```(?:sh)?.*?^```", path.read_text(), re.MULTILINE | re.DOTALL) for path in READMES
    )
    assert len(english) > 5
    assert chinese == english


def test_the_guide_to_the_pages_names_every_page() -> None:
    rows = re.findall(r"^\| `/.*", unnamed((ROOT / "docs" / "pages.md").read_text()), re.MULTILINE)
    paths = {unnamed(path) for route in PAGE_ROUTES if "GET" in route.http_methods for path in route.paths}
    for path in sorted(path for path in paths if not path.startswith("/ops/plots/")):
        parent, _, last = path.rpartition("/")
        assert any(f"`{path}`" in row or (row.startswith(f"| `{parent}`") and f"`…/{last}`" in row) for row in rows), (
            f"docs/pages.md lacks {path}"
        )


def unnamed(text: str) -> str:
    """Without the names of what stands in a path, which the guide and the routes choose on their own."""
    return re.sub(r"\{[^}/]*\}", "{}", text)


def test_the_guide_links_a_picture_of_each_page_in_both_languages_and_sizes() -> None:
    text = (ROOT / "docs" / "pages.md").read_text()
    rows = [line for line in text.splitlines() if "](pages/" in line]
    assert len(rows) == 30
    for line in rows:
        name = line.split("`")[1]
        wanted = [f"pages/{name}-{language}-{size}.png" for language in ("en", "zh") for size in ("phone", "desk")]
        assert re.findall(r"\]\(([^)]*)\)", line) == wanted


def test_every_command_of_the_documents_exists() -> None:
    for document in DOCUMENTS:
        # What the draw's seal is made of begins like a command, and is none.
        for name in re.findall(r"(?:`|^|\n|bin/)drumroll (?!waiting room seed/)([a-z]+)", document.read_text()):
            assert name in COMMANDS, f"{document.name} speaks of `drumroll {name}`"


def examples() -> list[list[str]]:
    """The lines of every help's example, as words; those of groups of commands too."""
    lines: list[list[str]] = []
    ahead: list[tuple[str, ...]] = [(name,) for name in COMMANDS]
    while ahead:
        words = ahead.pop()
        shown = CliRunner().invoke(cli, [*words, "--help"]).output
        example = shown.partition("Example:")[2].partition("Options:")[0]
        lines += [line.split() for line in example.splitlines() if line.strip().startswith("drumroll ")]
        ahead += [
            (*words, name) for name in re.findall(r"^  ([a-z]+)  ", shown.partition("Commands:")[2], re.MULTILINE)
        ]
    return lines


def test_the_examples_of_all_helps_use_options_that_exist() -> None:
    assert len(examples()) > 20
    for words in examples():
        first_option = next((at for at, word in enumerate(words) if word.startswith("--")), len(words))
        depth = 2 if words[1] in ("operator", "webhooks", "key", "log", "ledger", "person") else 1
        options = CliRunner().invoke(cli, [*words[1 : 1 + depth], "--help"]).output.partition("Options:")[2]
        for option in words[first_option:]:
            if option.startswith("--"):
                assert option in options, f"{' '.join(words)}: {option}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_paths_that_a_document_names_exist(document: Path) -> None:
    text = document.read_text()
    named = re.findall(r"\]\(([^)#:]+)\)", text) + re.findall(r"`(tests/[\w/.]+|docs/[\w/.-]+)`", text)
    for path in named:
        assert (document.parent / path).exists() or (ROOT / path).exists(), f"{document.name} names {path}"


def test_the_code_map_names_every_folder_of_the_house() -> None:
    for readme in READMES:
        text = readme.read_text()
        for folder in (ROOT / "src" / "drumroll").iterdir():
            if (folder / "__init__.py").exists():
                assert f"`{folder.name}/`" in text, f"the map of {readme.name} lacks {folder.name}/"


def test_every_setting_is_documented_with_its_default() -> None:
    text = (ROOT / "docs" / "operations.md").read_text()
    rows = dict(re.findall(r"^\| `(\w+)` \| (?:`([^`]*)`)? ?\|", text, re.MULTILINE))
    assert rows == {name: str(default) for name, default in zip(Settings.__struct_fields__, defaults(), strict=True)}


def defaults() -> tuple[object, ...]:
    return tuple(getattr(Settings(), name) for name in Settings.__struct_fields__)


@pytest.mark.parametrize("page", sorted((ROOT / "docs" / "decisions").glob("*.md")), ids=lambda path: path.stem)
def test_a_decision_has_its_parts_and_fits_a_page(page: Path) -> None:
    text = page.read_text()
    assert all(part in text for part in PARTS), f"{page.name} lacks one of {PARTS}"
    assert len(text.splitlines()) <= 60
