"""The `liangzheng` command: lazy groups over each role's cli.py."""

import importlib
import io
import sys
from collections.abc import Mapping
from typing import Any

import click

GROUPS: Mapping[str, tuple[str, str]] = {
    "issuer": ("issuer.cli", "The issuing authority: register, keys, issuing, publishing."),
    "wallet": ("wallet_sdk.cli", "The wallet: receive licences, show dynamic codes."),
    "terminal": ("verifier_terminal.cli", "The verifier terminal: appraise codes, journal, window page."),
    "hardware": ("hardware.cli", "The devices of a terminal: what is plugged in, plain reading."),
    "relay": ("verifier_terminal.cli_relay", "The site relay: poll an issuer once for all terminals of a place."),
    "trust": ("liangzheng.trust_cli", "The repository of trust: regions and their roots, ceremonies, bundles."),
    "receipt": ("liangzheng.receipts.cli", "Receipts: verify one against a published trust list."),
    "vectors": ("liangzheng.vectors.cli", "Test vectors: run them against this library or any program."),
    "explore": ("verifier_terminal.explore.cli", "Look at a terminal's directory in the browser, read only."),
    "doctor": ("liangzheng.doctor", "Say what this machine can and cannot do."),
}


class LazyGroup(click.Group):
    """Imports a role only when one of its commands runs: `wallet` needs no camera library to start."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        # Before the arguments are read, since --help already speaks.
        for stream in (sys.stdout, sys.stderr):
            # Windows gives a file or a pipe its old code page, which has no Chinese; JSON is UTF-8 anyway (RFC 8259).
            if isinstance(stream, io.TextIOWrapper) and not stream.isatty():
                stream.reconfigure(encoding="utf-8")
        return super().make_context(info_name, args, parent, **extra)

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return list(GROUPS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        del ctx
        if cmd_name not in GROUPS:
            return None
        command = importlib.import_module(GROUPS[cmd_name][0]).cli
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, summary) for name, (_, summary) in GROUPS.items()])


@click.command(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="liangzheng")
def main() -> None:
    """Liangzheng (亮证): issue licences, show them as dynamic codes, verify them offline."""
