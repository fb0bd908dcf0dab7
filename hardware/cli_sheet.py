"""`liangzheng hardware print-test-sheet`: the codes that a scanner or camera is tried with, on paper or a screen."""

from pathlib import Path

import click

from hardware.cli_parts import named_failures


@click.command("print-test-sheet")
@click.argument("out", type=click.Path(dir_okay=False, path_type=Path), metavar="OUT.pdf|OUT.png")
@click.option("--profile", metavar="NAME", help="Also say how to set up this kind of scanner (PDF).")
@click.option("--font", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="For Chinese in a PNG.")
@named_failures
def print_test_sheet(out: Path, profile: str | None, font: Path | None) -> None:
    """Write the test sheet: four codes of 62 mm, as a phone shows them, with a ruler to check the printer.

    The codes say TEST:… and are no licences. Then: `hardware test-scanner`, `hardware test-camera`.
    """
    from hardware import sheet
    from hardware.serial_scanner.scanner_profile import profile_named

    ending = out.suffix.lower()
    if ending == ".pdf":
        pages = sheet.write_pdf(out, None if profile is None else profile_named(profile))
        click.echo(f"{out}: {pages} page(s), A4. Print it at 100 %, and measure the line.")
    elif ending == ".png":
        if profile is not None:
            raise click.UsageError("a profile's set-up page is in the PDF alone")
        if not sheet.write_png(out, font):
            click.echo("no Chinese font was found, so the words are English alone; --font FILE names one", err=True)
        click.echo(f"{out}: one page")
    else:
        raise click.UsageError("the name ends in .pdf or .png")
