"""Commands of this project, whose wrong usage is one line on standard error."""

from __future__ import annotations

import sys

import click

from .garbage import look_rarely

__all__ = ["run"]


def run(command: click.Command, name: str) -> None:
    """Run a command with the arguments of the program, and end the program where it is misused.

    Raises
    ------
    SystemExit
        2 for wrong usage, 130 when it is stopped; and what the command itself ends with.
    """
    look_rarely()
    try:
        command.main(standalone_mode=False)
    except click.ClickException as error:
        click.echo(f"{name}: {' '.join(error.format_message().split())}", err=True)
        sys.exit(2)
    except click.exceptions.Abort:
        click.echo(f"{name}: stopped", err=True)
        sys.exit(130)
