"""`liangzheng issuer certify-staff | staff | withdraw-staff`: who works at the region's windows and on its roads."""

from pathlib import Path

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
from issuer.staff import listing
from issuer.staff.certifying import KEY_REMEDY, LONGEST_DAYS, Wish
from protocol import cbor, staff_certificate, unixtime
from protocol.staff_certificate import Role


@click.command(name="certify-staff")
@click.argument("folder", metavar="DIR", type=FOLDER)
@click.option("--key", required=True, help="File with the person's key (CBOR or base64url), or the text itself.")
@click.option("--number", required=True, help="Staff number: 1 to 24 letters, digits and hyphens.")
@click.option("--name", required=True, help="As colleagues read it at the top of the page; 1 to 64 characters.")
@click.option("--role", required=True, type=click.Choice([str(role) for role in Role]), help="What they are there for.")
@click.option("--relying-party", required=True, help="Whom they work for, exactly as in the terminals' certificates.")
@click.option("--days", type=int, default=LONGEST_DAYS, show_default=True, help="How long it holds.")
@click.option("--replace", is_flag=True, help="The person has a new key: certify it under the same number.")
@click.option("--out", required=True, type=FILE, help="Where to write the certificate.")
@passphrase_option
@json_option
def certify_staff(
    *,
    folder: Path,
    key: str,
    number: str,
    name: str,
    role: str,
    relying_party: str,
    days: int,
    replace: bool,
    out: Path,
    passphrase_file: Path | None,
    as_json: bool,
) -> None:
    """Certify a member of staff, so that they may sign on at the terminals of their relying party.

    \b
    Example:
      liangzheng terminal staff ./window add --number 0417 > 0417.key
      liangzheng issuer certify-staff ./issuer --key 0417.key --number 0417 --name 演示员0417 --role clerk \\
        --relying-party 幻境市政务服务中心 --out 0417.cbor
      liangzheng terminal staff ./window certificate 0417.cbor
    """
    from issuer import wiring

    its_key = public_key(key, remedy=KEY_REMEDY)
    wish = Wish(number, name, Role(role), relying_party, days)
    refuse_to_overwrite(out, recognise=_certificate, what="staff certificate")
    with wiring.open_issuer(folder, passphrase=config.passphrase(passphrase_file)) as issuer:
        durable_files.make_folder(out.parent, mode=0o755)
        encoded, claims = issuer.staff.certify(wish, its_key, replace=replace, actor=ACTOR, at=wiring.now())
        durable_files.write_atomically(out, encoded, mode=durable_files.PUBLIC)
    ends = unixtime.iso_utc(claims.exp)
    if as_json:
        print_json(
            {
                "number": number,
                "role": role,
                "key_sha256": its_key.thumbprint.hex(),
                "from": unixtime.iso_utc(claims.nbf),
                "to": ends,
                "certificate": str(out),
            }
        )
    else:
        click.echo(f"{role} {number} (key {its_key.thumbprint.hex()[:16]}) is certified until {ends}: {out}")


@click.command()
@click.argument("folder", metavar="DIR", type=FOLDER)
@click.option("--search", default="", help="A part of the number, the name or the relying party.")
@passphrase_option
@json_option
def staff(folder: Path, search: str, passphrase_file: Path | None, as_json: bool) -> None:
    """List every certificate that was made for a member of staff, the newest first."""
    from issuer import wiring

    with wiring.open_issuer(folder, passphrase=config.passphrase(passphrase_file)) as issuer:
        at = wiring.now()
        found, gone = issuer.staff.listed(search=search), issuer.staff.withdrawn(at=at)
        rows = list(listing.certificates_as_json(found, withdrawals=gone, at=at))
    if as_json:
        print_json(rows)
    for row in () if as_json else rows:
        click.echo(
            f"{row['number']:<24}  {row['role']:<10}  {row['state']:<9}  to {row['to']}  "
            f"{row['name']} ({row['relying_party']})  key {row['key_sha256'][:16]}"
        )


@click.command(name="withdraw-staff")
@click.argument("folder", metavar="DIR", type=FOLDER)
@click.option("--number", required=True, help="The staff number, as it was certified.")
@click.option("--reason", required=True, help="Why: left, passphrase seen, stick lost. 1 to 200 characters.")
@passphrase_option
@json_option
def withdraw_staff(*, folder: Path, number: str, reason: str, passphrase_file: Path | None, as_json: bool) -> None:
    """Withdraw a member of staff: terminals let them sign on no more once they have the new trust list.

    The key is withdrawn for good. What was done before stays what it is.

    \b
    Example:
      liangzheng issuer withdraw-staff ./issuer --number 0417 --reason 密钥遗失
    """
    from issuer import wiring

    with wiring.open_issuer(folder, passphrase=config.passphrase(passphrase_file)) as issuer:
        gone = issuer.staff.withdraw(number, reason=reason, actor=ACTOR, at=wiring.now())
    rows = [listing.withdrawn_as_json(each) for each in gone]
    if as_json:
        print_json(rows)
    for row in () if as_json else rows:
        click.echo(f"{number} (key {row['key_sha256'][:16]}) is withdrawn and that is published.")


def _certificate(encoded: bytes) -> object:
    return staff_certificate.parse(cbor.decode(encoded))
