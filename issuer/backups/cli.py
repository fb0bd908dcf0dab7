"""`liangzheng issuer backup | restore | drill`: the whole authority in one encrypted file, and back."""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from issuer import config
from issuer.arguments import ACTOR, FILE, FOLDER, json_option, passphrase_option, print_json
from issuer.backups import dumping, restoring
from issuer.backups.errors import BackupRefused
from issuer.backups.restoring import Restored
from issuer.errors import IssuerError
from issuer.feed.ceremonies import Ceremonies
from issuer.holders import erasure_log
from issuer.keys.box import LIBSODIUM_MODERATE
from protocol import unixtime
from protocol.errors import ProtocolError

_TEST = b"liangzheng: does this key still answer?"
_WORDS = click.option(
    "--backup-passphrase-file",
    "words",
    required=True,
    type=FILE,
    help="First line is the backup's own passphrase: 12 characters or more, kept apart from the file.",
)


@click.command()
@click.argument("folder", metavar="DIR", type=FOLDER)
@click.option("--out", required=True, type=FILE, help="A new file outside DIR.")
@_WORDS
@passphrase_option
@json_option
def backup(folder: Path, out: Path, words: Path, passphrase_file: Path | None, as_json: bool) -> None:
    """Write register, keys and settings into one encrypted file, while the service runs.

    \b
    Example:
      liangzheng issuer backup ./issuer --out /backup/authority-2026-11-26 --backup-passphrase-file words
      liangzheng issuer drill ./issuer /backup/authority-2026-11-26 --backup-passphrase-file words
    """
    from issuer import wiring

    with wiring.open_issuer(folder, passphrase=config.passphrase(passphrase_file)) as issuer:
        made = dumping.dump(
            issuer.register,
            issuer.profile,
            issuer.places,
            out,
            _passphrase(words),
            random_bytes=wiring.random_bytes,
            cost=LIBSODIUM_MODERATE,
            at=wiring.now(),
        )
        # The newest one lies beside every backup, also beside those that were made before.
        issuer.erasure_log.write(out.parent / _log_name(issuer.profile.iss))
    if as_json:
        print_json({"file": str(out), "bytes": made.size, "rows": dict(made.rows), "audit": str(made.head)})
    else:
        click.echo(f"{out}: {made.size} bytes, {made.rows['licence']} licences. The audit trail ends with {made.head}.")


@click.command()
@click.argument("file", metavar="FILE", type=FILE)
@click.argument("folder", metavar="DIR", type=FOLDER)
@_WORDS
@click.option("--register", "register_url", metavar="URL", help="An empty PostgreSQL database; a file in DIR if none.")
@click.option("--published", type=FOLDER, help="The folder that was published last, if it survived: DIR/published.")
@click.option("--erasures", type=FILE, multiple=True, help="A log of erasures that is newer than those beside FILE.")
@passphrase_option
@json_option
def restore(
    *,
    file: Path,
    folder: Path,
    words: Path,
    register_url: str | None,
    published: Path | None,
    erasures: tuple[Path, ...],
    passphrase_file: Path | None,
    as_json: bool,
) -> None:
    """Put a backup into a new DIR: open lists are closed, and a new epoch of the feed begins. Stop the old one before.

    The keys open with the passphrase that they had. What was done since the backup has to be done again; what was
    erased since is erased again by itself, from the logs of erasures beside FILE, beside --published, and --erasures.
    """
    restored = restoring.restore(
        file,
        folder,
        _passphrase(words),
        register_url=register_url,
        published=published,
        cost=LIBSODIUM_MODERATE,
    )
    logs = logs_beside(file, restored.iss, published, erasures)
    licences, lists, epoch = come_back(folder, config.passphrase(passphrase_file), logs)
    said = _said(restored) | {
        "licences": licences,
        "lists": lists,
        "epoch": epoch,
        "erasure_logs": [str(each) for each in logs],
    }
    if not logs:
        click.echo(
            "Warning: there is no log of erasures beside the backup. What was erased since is here again, until "
            "`liangzheng issuer holder again DIR --log FILE`.",
            err=True,
        )
    if as_json:
        print_json(said)
    else:
        click.echo(f"{folder} is {restored.iss} as it was at {unixtime.iso_local(restored.at)}: {licences} licences.")
        click.echo(f"{lists} lists are published, and epoch {epoch} of the feed has begun.")


@click.command()
@click.argument("folder", metavar="DIR", type=FOLDER)
@click.argument("file", metavar="FILE", type=FILE)
@_WORDS
@passphrase_option
@json_option
def drill(folder: Path, file: Path, words: Path, passphrase_file: Path | None, as_json: bool) -> None:
    """Rehearse a restore in a scratch folder: open, verify, count, publish there, and sign with every key.

    It says what would be lost today. Exit code 1: something does not come back.
    """
    from issuer import wiring

    passphrase, silent = config.passphrase(passphrase_file), list[str]()
    with (
        wiring.open_issuer(folder, passphrase=passphrase) as issuer,
        tempfile.TemporaryDirectory(prefix="liangzheng-drill-") as scratch,
    ):
        logs = logs_beside(file, issuer.profile.iss, None, ())

        def back(restored: Path) -> tuple[int, int, int]:
            found = come_back(restored, passphrase, logs)
            silent.extend(_silent_keys(restored, passphrase))
            return found

        found = restoring.drill(
            file,
            Path(scratch),
            _passphrase(words),
            live=issuer.audit,
            cost=LIBSODIUM_MODERATE,
            come_back=back,
        )
    said = _said(found.restored) | {"lists": found.lists, "epoch": found.epoch, "lost_acts": found.lost_acts}
    if as_json:
        print_json(said | {"licences": found.licences, "silent_keys": silent})
    else:
        what = "Everything comes" if not silent else "All but some keys come"
        click.echo(f"{what} back: {found.licences} licences, {found.lists} lists, epoch {found.epoch}.")
        when = unixtime.iso_local(found.restored.at)
        click.echo(f"Today {found.lost_acts} acts would be lost: those since {when}.")
    if silent:
        raise BackupRefused(
            f"keys that do not sign there: {', '.join(silent)}",
            hint="Keys in a token are not in a backup: give the token's PIN here, and keep the token's own backup.",
        )


def come_back(folder: Path, passphrase: str | None, logs: Sequence[Path]) -> tuple[int, int, int]:
    """Whatever was given or published after the backup is never given again or contradicted, and what was erased goes.

    Returns:
        Licences, lists that are published, and the epoch of the feed.
    """
    from issuer import wiring

    with wiring.open_issuer(folder, passphrase=passphrase) as issuer:
        logged = [each for log in logs for each in issuer.erasure_log.read(log)]
        issuer.erasing.again(logged, actor=ACTOR, at=wiring.now())
        issuer.feed.begin_epoch(at=wiring.now(), actor=ACTOR)
        lists = len(issuer.close_lists(at=wiring.now(), actor=ACTOR).status_seq)
        # Once more: tokens were forgotten when the epoch began.
        issuer.publish(at=wiring.now())
        epoch = Ceremonies(issuer.feed, iss=issuer.profile.iss).status(at=wiring.now()).epoch
        return len(issuer.list()), lists, epoch


def _silent_keys(folder: Path, passphrase: str | None) -> list[str]:
    """The keys of a restored folder that should sign now and do not, by what they are called."""
    from issuer import wiring

    silent = []
    with wiring.open_issuer(folder, passphrase=passphrase) as issuer:
        for word, signer in issuer.signing_now(at=wiring.now()):
            try:
                signer.public_key.verify(signer.sign(_TEST), _TEST)
            except (IssuerError, ProtocolError):
                silent.append(word)
    return silent


def _log_name(iss: str) -> str:
    return f"{iss}.{erasure_log.NAME}"


def logs_beside(file: Path, iss: str, published: Path | None, given: Sequence[Path]) -> tuple[Path, ...]:
    """The logs of erasures that there are: given, beside the backup, and in the folder that survived."""
    beside = [file.parent / _log_name(iss)]
    if published is not None:
        beside.append(published.absolute().parent / erasure_log.NAME)
    return (*given, *(each for each in beside if each.is_file()))


def _passphrase(file: Path) -> str:
    words = config.passphrase(file)
    if words is None:
        raise BackupRefused("no passphrase for the backup was given")
    return words


def _said(restored: Restored) -> dict[str, Any]:
    return {
        "iss": restored.iss,
        "at": unixtime.iso_utc(restored.at),
        "rows": dict(restored.rows),
        "audit": str(restored.head),
    }
