"""`liangzheng issuer offer | offers | offer-decide`: licences that a phone fetches by itself, with a code."""

from pathlib import Path

import click

from issuer import config, durable_files
from issuer.arguments import ACTOR, FILE, FOLDER, json_option, passphrase_option, print_json, subject_file
from issuer.openid4vci import identifier, listing
from issuer.openid4vci.offering import Wish
from protocol import unixtime

_MAX_PHOTO_BYTES = 32 * 1024 * 1024


@click.command()
@click.argument("folder", metavar="DIR", type=FOLDER)
@click.argument("licence_id", metavar="[LICENCE]", required=False)
@click.option("--kind", help="Instead of LICENCE: a new licence of this kind, such as driving-licence.")
@click.option("--subject", type=FILE, help="JSON file with the new licence's items.")
@click.option("--portrait", type=FILE, help="The holder's picture: WebP or AVIF, about 120 x 160 and 1,000 bytes.")
@click.option("--department", help="Who issues it, where several departments issue this kind.")
@click.option(
    "--tx-code/--no-tx-code", default=True, show_default=True, help="The holder types a code that comes another way."
)
@click.option("--review", is_flag=True, help="Issue only when somebody approves what the wallet asked for.")
@click.option("--by-reference", is_flag=True, help="A shorter code, from whose address the wallet fetches the offer.")
@click.option(
    "--url",
    default=f"http://{config.LOOPBACK}:{config.DEFAULT_PORT}",
    show_default=True,
    help="Where wallets reach `issuer serve --url`, or the web server in front of it.",
)
@click.option("--qr", type=FILE, metavar="FILE", help="Also write the code as a picture, for this account alone.")
@passphrase_option
@json_option
def offer(
    *,
    folder: Path,
    licence_id: str | None,
    kind: str | None,
    subject: Path | None,
    portrait: Path | None,
    department: str | None,
    tx_code: bool,
    review: bool,
    by_reference: bool,
    url: str,
    qr: Path | None,
    passphrase_file: Path | None,
    as_json: bool,
) -> None:
    """Offer a licence to a phone: show the code, and give the transaction code another way. Good once, for ten minutes.

    Five wrong transaction codes end an offer.

    \b
    Example:
      liangzheng issuer offer ./issuer --kind id-card --subject subject.json --qr offer.png
      liangzheng wallet accept ./my-wallet 'openid-credential-offer://…' --tx-code 123456
    """
    from issuer import wiring
    from issuer.openid4vci import drawn
    from protocol.qr import drawing

    if (kind is None) is not (subject is None):
        raise click.UsageError("--kind and --subject belong together")
    wish = Wish(
        licence_id=licence_id,
        kind=kind,
        subject=None if subject is None else subject_file(subject),
        portrait=None if portrait is None else durable_files.read(portrait, max_bytes=_MAX_PHOTO_BYTES),
        department=department,
        tx_code=tx_code,
        review=review,
        by_reference=by_reference,
    )
    with wiring.open_issuer(folder, passphrase=config.passphrase(passphrase_file)) as issuer:
        made = issuer.wallet_issuing.offers.make(wish, issuer_url=identifier.checked(url), actor=ACTOR, at=wiring.now())
    matrix = drawn.modules(made.uri)
    if qr is not None:
        durable_files.write_atomically(qr, drawing.png(matrix), mode=durable_files.PRIVATE)
    until = unixtime.iso_utc(made.until)
    if as_json:
        print_json({"id": made.offer_id, "uri": made.uri, "tx_code": made.tx_code, "until": until})
        return
    click.echo(drawing.half_blocks(matrix))
    click.echo(made.uri)
    click.echo(f"Offer {made.offer_id}: good once, until {until}.")
    if made.tx_code is not None:
        click.echo(f"Transaction code, to be given another way than the offer: {made.tx_code}")


@click.command()
@click.argument("folder", metavar="DIR", type=FOLDER)
@passphrase_option
@json_option
def offers(folder: Path, passphrase_file: Path | None, as_json: bool) -> None:
    """List offers, the newest first, and what became of them."""
    from issuer import wiring

    with wiring.open_issuer(folder, passphrase=config.passphrase(passphrase_file)) as issuer:
        at = wiring.now()
        rows = [listing.as_json(record, at=at) for record in issuer.wallet_issuing.offers.listed()]
    if as_json:
        print_json(rows)
    for row in () if as_json else rows:
        waits = "  needs a review" if row["needs_review"] else ""
        click.echo(f"{row['id']}  {row['state']:<9}  {row['kind']:<16}  {row['until']}  {row['licence'] or '-'}{waits}")


@click.command(name="offer-decide")
@click.argument("folder", metavar="DIR", type=FOLDER)
@click.argument("offer_id", metavar="OFFER")
@click.argument("decision", type=click.Choice(["approve", "refuse", "withdraw"]))
@passphrase_option
@json_option
def offer_decide(folder: Path, offer_id: str, decision: str, passphrase_file: Path | None, as_json: bool) -> None:
    """Approve or refuse what a wallet waits for, or withdraw an offer that nothing was issued for."""
    from issuer import wiring

    with wiring.open_issuer(folder, passphrase=config.passphrase(passphrase_file)) as issuer:
        decided = issuer.wallet_issuing.offers
        act = {"approve": decided.approve, "refuse": decided.refuse, "withdraw": decided.withdraw}[decision]
        act(offer_id, actor=ACTOR, at=wiring.now())
    if as_json:
        print_json({"id": offer_id, "decision": decision})
    else:
        click.echo(f"Offer {offer_id}: {decision}.")
