"""`liangzheng issuer feed reversal …`: the ceremony of the offline key, in three steps on two machines."""

from functools import partial
from pathlib import Path

import click

from issuer import config, durable_files
from issuer.arguments import ACTOR, FILE, FOLDER, json_option, passphrase_option, print_json
from issuer.errors import StorageFailed
from issuer.feed import reversal_key_file, reversal_request, reversals
from issuer.feed.ceremonies import Ceremonies
from issuer.feed.errors import RequestRefused
from protocol import cbor, keys, limits
from protocol.errors import ProtocolError

_MAX_KEY_BYTES = 256
_OFFLINE_PASSPHRASE = "First line is the passphrase of the offline key; asked for if left out."  # noqa: S105 - a help text


@click.group()
def reversal() -> None:
    """Undo a final status, or release what is held back: prepare, sign on a machine without a network, publish.

    \b
    Example:
      liangzheng issuer propose reversal ./issuer --licence ID --reason 判决撤销处罚 --by 甲
      liangzheng issuer approve ./issuer PROPOSAL --by 乙
      liangzheng issuer feed reversal prepare ./issuer --licence ID --proposal PROPOSAL --out request.cbor
      liangzheng issuer feed reversal sign request.cbor --key reversal.key --out statement.cbor
      liangzheng issuer feed reversal publish ./issuer statement.cbor
    """


@reversal.command()
@click.argument("folder", metavar="DIR", type=FOLDER)
@click.option("--licence", "licence_id", help="The licence whose last final change is undone.")
@click.option("--waiting", is_flag=True, help="Instead of a licence: all changes that are due and held back.")
@click.option("--proposal", required=True, help="The beginning of the id of what a second person has approved.")
@click.option("--out", required=True, type=FILE, help="Where to write what is to be signed.")
@click.option(
    "--ahead",
    type=click.IntRange(1, 1_000),
    default=reversals.AHEAD,
    show_default=True,
    help="Deltas until the place that is reserved: the ceremony must be over by then.",
)
@passphrase_option
@json_option
def prepare(
    *,
    folder: Path,
    licence_id: str | None,
    waiting: bool,
    proposal: str,
    out: Path,
    ahead: int,
    passphrase_file: Path | None,
    as_json: bool,
) -> None:
    """Reserve a place in the feed, and write what the offline key is to sign."""
    from issuer import wiring

    if (licence_id is None) is not waiting:
        raise click.UsageError("Give either --licence or --waiting.")
    _demand_free(out)
    with wiring.open_issuer(folder, passphrase=config.passphrase(passphrase_file)) as issuer:
        ceremonies, at = Ceremonies(issuer.feed, iss=issuer.profile.iss), wiring.now()
        use_up = partial(issuer.approvals.use_up, beginning=proposal, by=ACTOR, at=at)
        if licence_id is None:
            request = ceremonies.prepare_waiting(ahead=ahead, use_up=use_up, at=at)
        else:
            request = ceremonies.prepare(licence_id, ahead=ahead, use_up=use_up, at=at)
    durable_files.write_atomically(out, reversal_request.encode(request), mode=durable_files.PRIVATE)
    if as_json:
        print_json({"epoch": request.position.epoch, "seq": request.position.seq, "changes": request.summary()})
        return
    for what, count in request.summary().items():
        click.echo(f"{count} entries: {what}")
    click.echo(f"Reserved: epoch {request.position.epoch}, seq {request.position.seq}. To be signed: {out}")


@reversal.command()
@click.argument("request_file", metavar="REQUEST", type=FILE)
@click.option("--key", required=True, type=FILE, help="The offline key's file.")
@click.option("--out", required=True, type=FILE, help="Where to write the statement.")
@click.option("--passphrase-file", type=FILE, help=_OFFLINE_PASSPHRASE)
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
def sign(*, request_file: Path, key: Path, out: Path, passphrase_file: Path | None, yes: bool, as_json: bool) -> None:
    """Sign a request with the offline key: on a machine without a network, once you have read what it says."""
    from issuer import wiring

    _demand_free(out)
    request = reversal_request.decode(durable_files.read(request_file, max_bytes=reversal_request.MAX_BYTES))
    said = [f"{count} entries: {what}" for what, count in request.summary().items()]
    place = f"{request.iss}, epoch {request.position.epoch}, seq {request.position.seq}"
    if not yes:
        click.echo("\n".join([place, *said, f"Reason: {request.reason} ({request.actor})"]), err=True)
        click.confirm("Sign this?", abort=True, err=True)
    signer = reversal_key_file.load(key, passphrase=_passphrase(passphrase_file))
    statement = reversal_request.sign(request, signer, at=wiring.now())
    durable_files.write_atomically(out, statement, mode=durable_files.PRIVATE)
    if as_json:
        print_json({"kid": keys.kid_of(signer.public_key).hex(), "seq": request.position.seq, "out": str(out)})
    else:
        click.echo(f"Signed: {out}. Take it back to the issuer: `liangzheng issuer feed reversal publish DIR {out}`.")


@reversal.command()
@click.argument("folder", metavar="DIR", type=FOLDER)
@click.argument("statement_file", metavar="STATEMENT", type=FILE)
@passphrase_option
@json_option
def publish(folder: Path, statement_file: Path, passphrase_file: Path | None, as_json: bool) -> None:
    """Take the offline key's statement in. Its delta goes out at the seq that was reserved, within minutes."""
    from issuer import wiring

    statement = durable_files.read(statement_file, max_bytes=limits.MAX_REVERSAL_BYTES)
    with wiring.open_issuer(folder, passphrase=config.passphrase(passphrase_file)) as issuer:
        ceremonies = Ceremonies(issuer.feed, iss=issuer.profile.iss)
        taken = ceremonies.accept(statement, actor=ACTOR, at=wiring.now())
        issuer.publish(at=wiring.now())
        seq = ceremonies.status(at=wiring.now()).seq
    if as_json:
        print_json({"seq": taken.seq, "published": seq >= taken.seq})
    elif seq >= taken.seq:
        click.echo(f"Published as seq {taken.seq}.")
    else:
        click.echo(
            f"Taken in. {taken.seq - seq - 1} deltas come before it: the running service publishes some each minute, "
            "or run `liangzheng issuer feed tick DIR` again."
        )


@click.command(name="reversal-key")
@click.option("--out", required=True, type=FILE, help="Where to put the private key; the public one beside it (.pub).")
@click.option("--passphrase-file", type=FILE, help=_OFFLINE_PASSPHRASE)
@json_option
def reversal_key(out: Path, passphrase_file: Path | None, as_json: bool) -> None:
    """Make an offline key, on a machine without a network and never in an issuer's folder. Keep two copies in safes."""
    from issuer import wiring

    if any((folder / "issuer.json").exists() for folder in out.absolute().parents):
        raise StorageFailed(
            "the offline key must not lie in an issuer's folder", hint="Take a stick that lies in a safe."
        )
    signer = reversal_key_file.create(
        out, passphrase=_passphrase(passphrase_file, confirm=True), random_bytes=wiring.random_bytes
    )
    kid = keys.kid_of(signer.public_key).hex()
    public = reversal_key_file.public_path(out)
    if as_json:
        print_json({"kid": kid, "private": str(out), "public": str(public)})
    else:
        click.echo(
            f"Offline key {kid}: {out}. Take {public.name} to the issuer: `liangzheng issuer feed trust-key DIR`."
        )


@click.command(name="trust-key")
@click.argument("folder", metavar="DIR", type=FOLDER)
@click.argument("public_key", metavar="PUBLIC_KEY", type=FILE)
@passphrase_option
@json_option
def trust_key(folder: Path, public_key: Path, passphrase_file: Path | None, as_json: bool) -> None:
    """Let the region's trust list name an offline key, and publish that."""
    from issuer import wiring

    try:
        key = keys.load_cose_key(cbor.decode(durable_files.read(public_key, max_bytes=_MAX_KEY_BYTES)))
    except ProtocolError:
        raise RequestRefused(
            f"{public_key.name} is no public key", hint="Give the file with .pub that `reversal-key` wrote."
        ) from None
    with wiring.open_issuer(folder, passphrase=config.passphrase(passphrase_file)) as issuer:
        Ceremonies(issuer.feed, iss=issuer.profile.iss).trust_key(key, actor=ACTOR, at=wiring.now())
        issuer.publish(at=wiring.now())
    kid = keys.kid_of(key).hex()
    if as_json:
        print_json({"kid": kid})
    else:
        click.echo(f"Offline key {kid} stands in the trust list.")


@click.command(name="retire-key")
@click.argument("folder", metavar="DIR", type=FOLDER)
@click.argument("kid", metavar="KID")
@passphrase_option
@json_option
def retire_key(folder: Path, kid: str, passphrase_file: Path | None, as_json: bool) -> None:
    """Let the trust list name an offline key no more, and publish that."""
    from issuer import wiring

    with wiring.open_issuer(folder, passphrase=config.passphrase(passphrase_file)) as issuer:
        Ceremonies(issuer.feed, iss=issuer.profile.iss).retire_key(kid, actor=ACTOR, at=wiring.now())
        issuer.publish(at=wiring.now())
    if as_json:
        print_json({"kid": kid, "trusted": False})
    else:
        click.echo(f"Offline key {kid} stands in the trust list no more.")


def _demand_free(out: Path) -> None:
    if out.exists():
        raise StorageFailed(f"{out.name} exists", hint="Give --out a name that is free.")


def _passphrase(file: Path | None, *, confirm: bool = False) -> str:
    found = config.passphrase(file) if file is not None else None
    if found is not None:
        return found
    asked: str = click.prompt("Passphrase of the offline key", hide_input=True, confirmation_prompt=confirm, err=True)
    return asked
