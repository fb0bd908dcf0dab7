"""`liangzheng hardware …`: the devices of a terminal by themselves, without licences, trust or verdicts."""

import click

from hardware import cli_list, cli_read, cli_sheet, cli_try, cli_watch


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def cli() -> None:
    """The devices of a terminal: what is plugged in, what it reads, and how well."""


cli.add_command(cli_list.list_devices)
cli.add_command(cli_try.try_camera)
cli.add_command(cli_try.try_scanner)
cli.add_command(cli_sheet.print_test_sheet)
cli.add_command(cli_watch.watch)
cli.add_command(cli_read.read)
