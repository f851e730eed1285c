"""What commands print for people: titles, tables without lines and notes, 80 wide."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

WIDTH = 80


def plain_console() -> Console:
    """Standard output, in which nothing that was given is taken for markup."""
    return Console(width=WIDTH, highlight=False, markup=False, emoji=False)


def title(console: Console, words: str) -> None:
    """The title of a part, after an empty line."""
    console.print()
    console.print(Text(words, style="bold"))


def said(console: Console, *lines: str, left: int = 2, style: str = "") -> None:
    """Sentences, a line each, indented as tables are; empty ones are left out."""
    for line in lines:
        if line:
            console.print(Padding(Text(line, style=style), (0, 0, 0, left), expand=False))


def means(console: Console, *lines: str, left: int = 2) -> None:
    """The same in small print: what figures mean, and where they are from."""
    said(console, *lines, left=left, style="dim")


def table(
    console: Console,
    head: Sequence[str],
    rows: Iterable[Sequence[str | Text]],
    right: Sequence[int] = (),
    words: Sequence[int] = (0,),
) -> None:
    """A plain table without lines; no head where nothing is in it.

    Numbers, weeks and bars stay whole; where a line is too short, the columns in ``words`` fold.
    """
    made = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim", show_header=any(head))
    for at, name in enumerate(head):
        made.add_column(name, justify="right" if at in right else "left", overflow="fold", no_wrap=at not in words)
    for row in rows:
        made.add_row(*(cell if isinstance(cell, Text) else Text(cell) for cell in row))
    console.print(Padding(made, (0, 0, 0, 2)))


def printable(text: str) -> str:
    """A text from elsewhere with a sign in place of what would move the cursor or hide something."""
    return "".join(sign if sign.isprintable() else "�" for sign in text)
