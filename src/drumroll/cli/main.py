"""The command ``drumroll``: one file a command in this folder, put together here."""

from __future__ import annotations

import sys

import click

from drumroll import __version__
from drumroll.errors import DrumrollError

COMMANDS = {
    "check": "drumroll.cli.check:check",
    "import": "drumroll.cli.import_:import_",
    "serve": "drumroll.cli.serve:serve",
    "operator": "drumroll.cli.operator:operator",
    "person": "drumroll.cli.person:person",
    "draw": "drumroll.cli.draw:draw",
    "webhooks": "drumroll.cli.webhooks:webhooks",
    "key": "drumroll.cli.key:key",
    "log": "drumroll.cli.log:log_",
    "claim": "drumroll.cli.claim:claim",
    "verify": "drumroll.cli.verify:verify",
    "witness": "drumroll.cli.witness:witness",
    "sample": "drumroll.cli.sample:sample",
    "backup": "drumroll.cli.backup:backup",
    "export": "drumroll.cli.export:export",
    "audit": "drumroll.cli.audit:audit",
    "market": "drumroll.cli.market:market",
    "waits": "drumroll.cli.waits:waits_",
    "plan": "drumroll.cli.plan:plan",
    "promises": "drumroll.cli.promises:promises",
    "whatif": "drumroll.cli.whatif:whatif",
    "ledger": "drumroll.cli.ledger:ledger",
    "figures": "drumroll.cli.figures:figures",
    "forecast": "drumroll.cli.forecast:forecast",
    "outlook": "drumroll.cli.outlook:outlook",
    "rehearse": "drumroll.cli.rehearse:rehearse",
    "bench": "drumroll.cli.bench:bench",
}
"""Each command and where it lives; loaded when it is asked for, so that ``--help`` stays quick."""


class LazyGroup(click.Group):
    """A group whose commands are imported one at a time."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The commands in the order in which one needs them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one command."""
        if cmd_name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[cmd_name].partition(":")
        command: click.Command = getattr(__import__(module, fromlist=[attribute]), attribute)
        _keep_lines(command)
        return command


def _keep_lines(command: click.Command) -> None:
    r"""Let ``\b`` in a raw docstring be what click takes for "leave the lines of this paragraph as they are"."""
    command.help = (command.help or "").replace("\\b\n", "\b\n")
    if isinstance(command, click.Group):
        for one in command.commands.values():
            _keep_lines(one)


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="drumroll")
def cli() -> None:
    """Run a product launch: take the orders, promise the deliveries, prove the numbers.

    \b
    Example:
      drumroll check launches/yu7.toml
      drumroll rehearse launches/yu7.toml --orders 20000
    """


def main() -> None:
    """Run the command line; an error of ours is one message on standard error and exit code 1."""
    try:
        cli()
    except DrumrollError as error:
        # It may cite what a stranger's server said: nothing in it moves the cursor or colours the terminal.
        plain = "".join(sign if sign.isprintable() or sign == "\n" else "�" for sign in str(error))
        click.echo(f"drumroll: {plain}", err=True)
        sys.exit(1)
