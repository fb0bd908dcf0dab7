"""`liangzheng issuer certify-terminal | withdraw-terminal | terminals | site`: who may ask holders, and where."""

from pathlib import Path
from typing import Final

import click

from issuer import config, durable_files
from issuer.arguments import (
    ACTOR,
    FILE,
    FOLDER,
    json_option,
    passphrase_option,
    print_json,
    public_key,
    refuse_to_overwrite,
)
from issuer.terminals import listing
from issuer.terminals.certifying import KEY_REMEDY, LONGEST_DAYS, Wish
from protocol import cbor, terminal_certificate, unixtime
from protocol.directory import Site
from protocol.labels import Purpose

PURPOSES: Final = {purpose.word: purpose for purpose in Purpose}


@click.command(name="certify-terminal")
@click.argument("folder", metavar="DIR", type=FOLDER)
@click.option("--key", required=True, help="File with the terminal's key (CBOR or base64url), or the text itself.")
@click.option("--terminal", required=True, help="Its name in the region: 1 to 24 letters, digits and hyphens.")
@click.option("--place", required=True, help="Where it stands, as holders read it: 政务服务中心一楼3号自助机.")
@click.option("--relying-party", required=True, help="Who asks, as holders read it: the organisation behind it.")
@click.option(
    "--purpose", "purposes", required=True, multiple=True, type=click.Choice(list(PURPOSES)), help="May be repeated."
)
@click.option("--kind", "kinds", multiple=True, help="A kind that it may ask for; may be repeated. All if none.")
@click.option("--days", type=int, default=LONGEST_DAYS, show_default=True, help="How long it holds.")
@click.option("--replace", is_flag=True, help="The machine was replaced: certify another key under the same name.")
@click.option("--out", required=True, type=FILE, help="Where to write the certificate.")
@passphrase_option
@json_option
def certify_terminal(
    *,
    folder: Path,
    key: str,
    terminal: str,
    place: str,
    relying_party: str,
    purposes: tuple[str, ...],
    kinds: tuple[str, ...],
    days: int,
    replace: bool,
    out: Path,
    passphrase_file: Path | None,
    as_json: bool,
) -> None:
    """Certify a terminal, so that it may ask holders for licences. What it may ask for is what the policy allows.

    \b
    Example:
      liangzheng terminal key ./kiosk > kiosk.key
      liangzheng issuer certify-terminal ./issuer --key kiosk.key --terminal hall-3-07 \\
        --place 一楼3号自助机 --relying-party 幻境市政务服务中心 --purpose kiosk --out kiosk.cbor
      liangzheng terminal certificate ./kiosk kiosk.cbor
    """
    from issuer import wiring

    its_key = public_key(key, remedy=KEY_REMEDY)
    wish = Wish(
        terminal,
        place,
        relying_party,
        frozenset(PURPOSES[word] for word in purposes),
        frozenset(kinds) if kinds else None,
        days,
    )
    refuse_to_overwrite(out, recognise=_certificate, what="terminal certificate")
    with wiring.open_issuer(folder, passphrase=config.passphrase(passphrase_file)) as issuer:
        durable_files.make_folder(out.parent, mode=0o755)
        encoded, claims = issuer.terminals.certify(wish, its_key, replace=replace, actor=ACTOR, at=wiring.now())
        # The certificate is public. If it cannot be written, certifying again costs nothing but a line in the register.
        durable_files.write_atomically(out, encoded, mode=durable_files.PUBLIC)
        slugs = {issuer.kinds[vct].slug for items in claims.maxima.values() for vct in items}
    ends = unixtime.iso_utc(claims.exp)
    if as_json:
        print_json(
            {
                "terminal": terminal,
                "key_sha256": its_key.thumbprint.hex(),
                "purposes": [purpose.word for purpose in sorted(claims.maxima)],
                "kinds": sorted(slugs),
                "from": unixtime.iso_utc(claims.iat),
                "to": ends,
                "certificate": str(out),
            }
        )
    else:
        click.echo(f"Terminal {terminal} (key {its_key.thumbprint.hex()[:16]}) is certified until {ends}: {out}")


@click.command()
@click.argument("folder", metavar="DIR", type=FOLDER)
@click.option("--search", default="", help="A part of the terminal's name, its place or relying party.")
@passphrase_option
@json_option
def terminals(folder: Path, search: str, passphrase_file: Path | None, as_json: bool) -> None:
    """List every certificate that was made for a terminal, the newest first."""
    from issuer import wiring

    with wiring.open_issuer(folder, passphrase=config.passphrase(passphrase_file)) as issuer:
        at = wiring.now()
        found, gone = issuer.terminals.listed(search=search), issuer.withdrawing.listed(at=at)
        rows = list(listing.certificates_as_json(found, withdrawals=gone, at=at))
    if as_json:
        print_json(rows)
    for row in () if as_json else rows:
        click.echo(
            f"{row['terminal']:<24}  {row['state']:<9}  to {row['to']}  {','.join(row['purposes'])}  "
            f"{row['place']} ({row['relying_party']})  key {row['key_sha256'][:16]}"
        )


@click.command(name="withdraw-terminal")
@click.argument("folder", metavar="DIR", type=FOLDER)
@click.option("--terminal", required=True, help="Its name in the region, as it was certified.")
@click.option("--reason", required=True, help="Why: stolen, lost, broken open. 1 to 200 characters.")
@passphrase_option
@json_option
def withdraw_terminal(*, folder: Path, terminal: str, reason: str, passphrase_file: Path | None, as_json: bool) -> None:
    """Withdraw a terminal that was stolen or lost: wallets answer its requests no more once they have the directory.

    Its key is withdrawn for good. Receipts that it signed before stay what they are.

    \b
    Example:
      liangzheng issuer withdraw-terminal ./issuer --terminal patrol-12 --reason 失窃
    """
    from issuer import wiring

    with wiring.open_issuer(folder, passphrase=config.passphrase(passphrase_file)) as issuer:
        gone = issuer.withdrawing.withdraw(terminal, reason=reason, actor=ACTOR, at=wiring.now())
    rows = [listing.withdrawn_as_json(each) for each in gone]
    if as_json:
        print_json(rows)
    for row in () if as_json else rows:
        click.echo(f"Terminal {terminal} (key {row['key_sha256'][:16]}) is withdrawn and that is published.")


@click.group()
@click.argument("folder", metavar="DIR", type=FOLDER)
@passphrase_option
@click.pass_context
def site(context: click.Context, folder: Path, passphrase_file: Path | None) -> None:
    """The sites that short codes name: four characters behind which a wallet finds who asks there.

    \b
    Example:
      liangzheng issuer site ./issuer add --name 政务服务中心东大厅 --relying-party 幻境市政务服务中心
      liangzheng issuer site ./issuer list
    """
    context.obj = folder, passphrase_file


@site.command()
@click.option("--name", required=True, help="The place, as holders read it; 1 to 64 characters.")
@click.option("--relying-party", required=True, help="Who asks there, as holders read it; 1 to 64 characters.")
@click.option("--code", help="Four characters of 0-9 and A-Z without I, L, O, U; drawn at random if left out.")
@json_option
@click.pass_obj
def add(place: tuple[Path, Path | None], name: str, relying_party: str, code: str | None, as_json: bool) -> None:
    """Give a site a code and publish it to wallets."""
    from issuer import wiring

    folder, passphrase_file = place
    with wiring.open_issuer(folder, passphrase=config.passphrase(passphrase_file)) as issuer:
        given = issuer.sites.add(Site(name, relying_party), code=code, actor=ACTOR, at=wiring.now())
    if as_json:
        print_json({"code": given, "name": name, "relying_party": relying_party})
    else:
        click.echo(given)


@site.command(name="list")
@json_option
@click.pass_obj
def list_sites(place: tuple[Path, Path | None], as_json: bool) -> None:
    """List the sites in use."""
    from issuer import wiring

    folder, passphrase_file = place
    with wiring.open_issuer(folder, passphrase=config.passphrase(passphrase_file)) as issuer:
        rows = [listing.site_as_json(record) for record in issuer.sites.listed()]
    if as_json:
        print_json(rows)
    for row in () if as_json else rows:
        click.echo(f"{row['code']}  {row['name']} ({row['relying_party']})")


@site.command()
@click.argument("code")
@json_option
@click.pass_obj
def remove(place: tuple[Path, Path | None], code: str, as_json: bool) -> None:
    """Take a site out of use and publish that. Its code is never given again."""
    from issuer import wiring

    folder, passphrase_file = place
    with wiring.open_issuer(folder, passphrase=config.passphrase(passphrase_file)) as issuer:
        issuer.sites.remove(code, actor=ACTOR, at=wiring.now())
    if as_json:
        print_json({"code": code, "removed": True})
    else:
        click.echo(f"{code} is removed and published.")


def _certificate(encoded: bytes) -> object:
    return terminal_certificate.parse(cbor.decode(encoded))
