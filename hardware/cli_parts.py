"""What the hardware's commands have in common: exit codes, and named failures."""

import functools
import json
from collections.abc import Callable
from typing import Any, Final, ParamSpec, TypeVar

import click

from hardware.errors import HardwareError

EXIT_READ: Final = 0
EXIT_UNUSABLE: Final = 1
EXIT_USAGE: Final = 2
EXIT_NOT_READ: Final = 4
"""As the terminal's commands have it for what could not be read."""

P = ParamSpec("P")
R = TypeVar("R")


def named_failures(command: Callable[P, R]) -> Callable[P, R]:
    """Turns the devices' own errors into one clear line and exit code 1."""

    @functools.wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except HardwareError as failure:
            raise click.ClickException(str(failure)) from failure

    return run


def print_json(content: Any) -> None:
    """One line of JSON, in UTF-8 whatever the machine speaks; what has no UTF-8 is escaped."""
    line = json.dumps(content, ensure_ascii=False)
    click.echo(line.encode("utf-8", "backslashreplace") + b"\n", nl=False)
