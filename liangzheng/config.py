"""Settings of the command's own tools that come from the environment; the only file of them that reads it."""

import os
from typing import Final

TRUST_PASSPHRASE_VARIABLE: Final = "LIANGZHENG_TRUST_PASSPHRASE"  # noqa: S105 - a variable's name, not its content


def trust_passphrase() -> str | None:
    """The passphrase of the repository's keys, where the environment has one."""
    return os.environ.get(TRUST_PASSPHRASE_VARIABLE) or None
