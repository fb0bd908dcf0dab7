"""`liangzheng issuer …`: the authority by command line. Exit code 0 done, 1 refused or failed, 2 wrong usage."""

import sys
from pathlib import Path
from typing import Final

import click

from issuer import config, durable_files, listing
from issuer.acts import cli as acts_cli
from issuer.added_kinds import cli as added_kinds_cli
from issuer.applications import cli as applications_cli
from issuer.approvals import cli as approvals_cli
from issuer.arguments import (
    ACTOR,
    FILE,
    FOLDER,
    IssuerGroup,
    json_option,
    keep_package,
    passphrase_option,
    prepare_package,
    print_json,
    public_key,
    subject_file,
)
from issuer.audit import cli as audit_cli
from issuer.backups import cli as backups_cli
from issuer.binding import cli as binding_cli
from issuer.bulk import cli as bulk_cli
from issuer.changing import cli as changing_cli
from issuer.devices import cli as devices_cli
from issuer.enrolment import cli as enrolment_cli
from issuer.feed import cli as feed_cli
from issuer.fleet import cli as fleet_cli
from issuer.holders import cli as holders_cli
from issuer.joint import cli as joint_cli
from issuer.keys import cli as keys_cli
from issuer.keys import cli_departments
from issuer.lifecycle import LegalChange
from issuer.mandates import cli as mandates_cli
from issuer.openid4vci import cli as openid4vci_cli
from issuer.openid4vci import identifier
from issuer.papers import cli as papers_cli
from issuer.people import cli as people_cli
from issuer.policy_check import cli as policy_cli
from issuer.recognition import cli as recognition_cli
from issuer.renewing import cli as renewing_cli
from issuer.runbooks import cli as runbooks_cli
from issuer.sandbox import cli as sandbox_cli
from issuer.staff import cli as staff_cli
from issuer.synthetic import cli as synthetic_cli
from issuer.terminals import cli as terminals_cli
from issuer.terminals import cli_offices

_MAX_PHOTO_BYTES: Final = 32 * 1024 * 1024
"""A photo straight from a camera is read too, to say what is wrong with it."""


@click.group(cls=IssuerGroup, context_settings={"help_option_names": ["-h", "--help"]})
def cli() -> None:
    """The issuing authority: register, keys, issuing, publishing."""


@cli.command()
@click.argument("folder", metavar="DIR", type=FOLDER)
@click.option("--region", required=True, help="Six digits of GB/T 2260, such as 310000.")
@click.option("--authority", default=config.DEFAULT_AUTHORITY, show_default=True, help="1 to 16 of A-Z and 0-9.")
@click.option(
    "--real-persons",
    is_flag=True,
    help="Refuse numbers of an area that does not exist; otherwise synthetic holders pass with a warning.",
)
@click.option(
    "--register",
    "register_url",
    metavar="URL",
    help="An empty PostgreSQL database: postgresql+psycopg://USER@HOST/DATABASE. A file in DIR if none.",
)
@click.option("--pkcs11-module", "module", type=FILE, help="Make the keys in a token: the library of its maker.")
@click.option("--token", "label", help="The token's label. Its PIN comes from the environment (docs/operations.md).")
@click.option("--p256", is_flag=True, help="Make P-256 keys where Ed25519 is usual: not every token can that.")
@passphrase_option
@json_option
def init(
    *,
    folder: Path,
    region: str,
    authority: str,
    real_persons: bool,
    register_url: str | None,
    module: Path | None,
    label: str | None,
    p256: bool,
    passphrase_file: Path | None,
    as_json: bool,
) -> None:
    """Make keys, register and the first publication in DIR."""
    from issuer import wiring

    if (module is None) is not (label is None):
        raise click.UsageError("--pkcs11-module and --token go together")
    passphrase = config.passphrase(passphrase_file)
    token = None if module is None or label is None else keys_cli.place(module, label, p256=p256)
    with wiring.initialise(
        folder,
        region=region,
        authority=authority,
        passphrase=passphrase,
        fictional=not real_persons,
        register_url=register_url,
        token=token,
    ) as issuer:
        thumbprint = issuer.root.thumbprint.hex()
        if passphrase is None and token is None:
            click.echo(
                "Warning: no passphrase was given. The keys are encrypted under keys.key, which lies beside them: "
                "whoever can read this folder can issue licences.",
                err=True,
            )
        if as_json:
            print_json(
                {"iss": issuer.profile.iss, "published": str(issuer.places.published), "root_sha256": thumbprint}
            )
            return
        click.echo(f"Issuer {issuer.profile.iss} is ready in {folder}.")
        click.echo(f"Root key (SHA-256): {thumbprint}")
        click.echo(f"Published files:    {issuer.places.published}")
        click.echo(f"Operator token:     {issuer.places.operator_token}")


@cli.command()
@click.argument("folder", metavar="DIR", type=FOLDER)
@click.option("--kind", required=True, help="Such as driving-licence, id-card, business-licence.")
@click.option("--subject", required=True, type=FILE, help="JSON file with the licence's items.")
@click.option("--holder-key", required=True, help="File with the wallet's key (CBOR or base64url), or the text itself.")
@click.option("--portrait", type=FILE, help="The holder's picture: WebP or AVIF, about 120 x 160 and 1,000 bytes.")
@click.option("--department", help="Whose key signs it, where several departments issue this kind.")
@click.option("--out", type=FILE, help="Where to write the package (default DIR/packages/ID.cbor).")
@passphrase_option
@json_option
def issue(
    *,
    folder: Path,
    kind: str,
    subject: Path,
    holder_key: str,
    portrait: Path | None,
    department: str | None,
    out: Path | None,
    passphrase_file: Path | None,
    as_json: bool,
) -> None:
    """Issue a licence and write its package for the wallet."""
    from issuer import wiring

    key, written = public_key(holder_key), subject_file(subject)
    picture = None if portrait is None else durable_files.read(portrait, max_bytes=_MAX_PHOTO_BYTES)
    with wiring.open_issuer(folder, passphrase=config.passphrase(passphrase_file)) as issuer:
        prepare_package(out, issuer.places.packages)
        issued = issuer.issue(kind, written, key, at=wiring.now(), portrait=picture, department=department, actor=ACTOR)
        path = keep_package(issued, out, issuer.places.packages)
    for warning in issued.warnings:
        click.echo(f"Warning: {warning}", err=True)
    if as_json:
        print_json({"id": issued.licence_id, "kind": kind, "package": str(path), "warnings": issued.warnings})
    else:
        click.echo(issued.licence_id)


def _legal_change_command(legal_change: LegalChange, summary: str) -> None:
    @cli.command(name=legal_change.value, help=summary)
    @click.argument("folder", metavar="DIR", type=FOLDER)
    @click.argument("licence_id", metavar="LICENCE")
    @click.option("--reason", required=True, help="Why; 1 to 200 characters, kept in the register.")
    @passphrase_option
    @json_option
    def command(folder: Path, licence_id: str, reason: str, passphrase_file: Path | None, as_json: bool) -> None:
        from issuer import wiring

        with wiring.open_issuer(folder, passphrase=config.passphrase(passphrase_file)) as issuer:
            flipped = issuer.change(licence_id, legal_change, reason=reason, actor=ACTOR, at=wiring.now())
            state = listing.state(issuer.licence(licence_id), at=wiring.now())
        said = listing.change_as_json(flipped)
        if as_json:
            print_json({"id": licence_id, "state": state} | said)
        elif said["published_by"] is None:
            click.echo(f"{licence_id} is {state}; {len(flipped)} status entries flipped and published.")
        else:
            click.echo(
                f"{licence_id} is {state}; {len(flipped)} status entries flipped. Each is published at a moment of its "
                f"own until {said['published_by']}, so that nobody sees which belong together."
            )


_legal_change_command(LegalChange.SUSPEND, "Suspend a valid licence (暂扣) and publish its status.")
_legal_change_command(LegalChange.REINSTATE, "End the suspension of a licence and publish its status.")
_legal_change_command(LegalChange.REVOKE, "Revoke a licence (吊销), finally, and publish its status.")
_legal_change_command(
    LegalChange.WITHDRAW, "Withdraw a licence that was wrongly issued (撤销), finally, and publish it."
)
_legal_change_command(LegalChange.CANCEL, "Cancel a licence (注销), finally; published within hours.")
_legal_change_command(
    LegalChange.SUPERSEDE, "A new licence takes the place of this one (换发); published within hours."
)
_legal_change_command(LegalChange.TRANSFER, "Another authority takes the licence over (转出); published within hours.")


@cli.command(name="close-lists")
@click.argument("folder", metavar="DIR", type=FOLDER)
@click.option("--yes", is_flag=True, help="Do not ask.")
@passphrase_option
@json_option
def close_lists(folder: Path, yes: bool, passphrase_file: Path | None, as_json: bool) -> None:
    """After a backup of the register came back: give no more entries of the lists that are open, and open others."""
    from issuer import wiring

    if not yes:
        click.confirm("The open lists take no new entries ever again. Go on?", abort=True, err=True)
    with wiring.open_issuer(folder, passphrase=config.passphrase(passphrase_file)) as issuer:
        lists = len(issuer.close_lists(at=wiring.now(), actor=ACTOR).status_seq)
    if as_json:
        print_json({"lists": lists})
    else:
        click.echo(f"The open lists are closed and others opened; {lists} lists are published.")


@cli.command(name="list")
@click.argument("folder", metavar="DIR", type=FOLDER)
@click.option("--search", default="", help="A part of the id, the holder's name or number.")
@passphrase_option
@json_option
def list_licences(folder: Path, search: str, passphrase_file: Path | None, as_json: bool) -> None:
    """List the licences of the register, the newest first."""
    from issuer import wiring

    with wiring.open_issuer(folder, passphrase=config.passphrase(passphrase_file)) as issuer:
        at = wiring.now()
        rows = [listing.as_json(record, issuer.kinds, at=at) for record in issuer.list(search=search)]
        unfinished = len({intent.licence_id for intent in issuer.open_intents()})
    if as_json:
        print_json(rows)
    for row in () if as_json else rows:
        click.echo(
            f"{row['id']}  {row['state']:<10}  {row['kind']:<16}  {row['valid_to'] or '长期':<10}  {row['name']}"
        )
    if unfinished:
        click.echo(f"Warning: {unfinished} licence(s) have an issuance that was begun and never finished.", err=True)


@cli.command()
@click.argument("folder", metavar="DIR", type=FOLDER)
@click.option("--to", type=FOLDER, help="Also put the files into this folder.")
@passphrase_option
@json_option
def publish(folder: Path, to: Path | None, passphrase_file: Path | None, as_json: bool) -> None:
    """Write the signed files that any web server can serve."""
    from issuer import wiring

    with wiring.open_issuer(folder, passphrase=config.passphrase(passphrase_file)) as issuer:
        publication = issuer.publish(at=wiring.now(), to=to)
        target = to if to is not None else issuer.places.published
    if as_json:
        print_json(
            {"folder": str(target), "files": list(publication.files), "status_seq": dict(publication.status_seq)}
        )
    else:
        click.echo(f"{len(publication.files)} files published in {target}.")


@cli.command()
@click.argument("folder", metavar="DIR", type=FOLDER)
@click.option(
    "--port", type=click.IntRange(0, 65_535), default=config.DEFAULT_PORT, show_default=True, help="0 takes a free one."
)
@click.option("--url", help="Where wallets reach this service, if through a web server in front: https://HOST[/PATH].")
@passphrase_option
def serve(folder: Path, port: int, url: str | None, passphrase_file: Path | None) -> None:
    """Serve the issuing API and the published files on the loopback address, until interrupted."""
    from issuer import wiring

    public_url = None if url is None else identifier.checked(url)
    with (
        wiring.open_issuer(folder, passphrase=config.passphrase(passphrase_file)) as issuer,
        wiring.serving(issuer, port=port, public_url=public_url) as service,
    ):
        click.echo(f"Serving {issuer.profile.iss} on {service.url} (interrupt with Ctrl+C)")
        sys.stdout.flush()
        service.run()


for command in (
    audit_cli.audit,
    runbooks_cli.runbook,
    applications_cli.application,
    holders_cli.holder,
    binding_cli.bind,
    binding_cli.bindings,
    binding_cli.authenticator,
    backups_cli.backup,
    backups_cli.restore,
    backups_cli.drill,
    approvals_cli.propose,
    approvals_cli.approve,
    approvals_cli.decline,
    approvals_cli.proposals,
    changing_cli.change,
    changing_cli.alone,
    changing_cli.expiring,
    renewing_cli.renew,
    renewing_cli.renewals,
    keys_cli.key,
    cli_departments.department,
    enrolment_cli.enrol_terminal,
    fleet_cli.fleet,
    fleet_cli.fleet_token,
    terminals_cli.certify_terminal,
    terminals_cli.withdraw_terminal,
    terminals_cli.terminals,
    terminals_cli.site,
    staff_cli.certify_staff,
    staff_cli.withdraw_staff,
    staff_cli.staff,
    cli_offices.office,
    recognition_cli.recognise,
    mandates_cli.mandate,
    mandates_cli.mandates,
    mandates_cli.mandate_revoke,
    papers_cli.paper,
    papers_cli.papers,
    papers_cli.paper_lost,
    devices_cli.devices,
    devices_cli.report_lost,
    devices_cli.found,
    acts_cli.officers_acts,
    acts_cli.confirm_act,
    acts_cli.reject_act,
    openid4vci_cli.offer,
    openid4vci_cli.offers,
    openid4vci_cli.offer_decide,
    feed_cli.feed,
    people_cli.console,
    policy_cli.policy,
    synthetic_cli.synth,
    sandbox_cli.sandbox,
    joint_cli.issue_together,
    added_kinds_cli.kind,
    bulk_cli.import_licences,
    bulk_cli.imports,
    bulk_cli.import_errors,
    bulk_cli.import_cancel,
    bulk_cli.pull,
    bulk_cli.spread,
):
    cli.add_command(command)
