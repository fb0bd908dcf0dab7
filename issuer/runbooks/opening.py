"""The real things of a runbook: opens an issuer's folder, exchanges what only a closed one lets exchange, restores."""

import shutil
from pathlib import Path

from issuer import wiring
from issuer.application import Issuer
from issuer.backups import cli as backups_cli
from issuer.backups import restoring
from issuer.keys import cli as keys_cli
from issuer.keys.box import LIBSODIUM_MODERATE
from issuer.runbooks import book
from issuer.runbooks.book import Scene


class RealOpens:
    """With one passphrase. `is_drill`: what is restored publishes into its own folder alone."""

    def __init__(self, passphrase: str | None, *, is_drill: bool) -> None:
        self._passphrase, self._is_drill = passphrase, is_drill

    def issuer(self, folder: Path) -> Issuer:
        """As `Opens` says. Raises: as `Issuer.open`."""
        return wiring.open_issuer(folder, passphrase=self._passphrase)

    def new_status_key(self, folder: Path) -> None:
        """As `Opens` says. Raises: as `Issuer.open`."""
        wiring.replace_status_key(folder, passphrase=self._passphrase)

    def token(self, folder: Path, place: str) -> str:
        """As `Opens` says. Raises: TokenUnavailable, and as reading the profile."""
        module, _, label = place.partition(",")
        return wiring.set_token(folder, keys_cli.place(Path(module), label, p256=False))

    def restore(self, scene: Scene) -> None:
        """As `Opens` says: beside the folder first, so that one that was killed leaves none that looks whole.

        Raises:
            BackupRefused, BackupDamaged, AuditBroken, RegisterTaken, RegisterUnavailable, StorageFailed: As restoring.
        """
        answers, beside = scene.answers, scene.folder.parent / f".{scene.folder.name}.restoring"
        shutil.rmtree(beside, ignore_errors=True)
        published = None if answers["published"] == book.NOTHING else Path(answers["published"])
        restoring.restore(
            Path(answers["backup"]),
            beside,
            scene.line("words"),
            register_url=None if answers["register"] == book.NOTHING else answers["register"],
            published=published,
            cost=LIBSODIUM_MODERATE,
        )
        if self._is_drill:
            restoring.keep_to_itself(beside)
        beside.replace(scene.folder)

    def come_back(self, scene: Scene) -> None:
        """As `Opens` says. Raises: ErasureLogRefused, and as publishing."""
        answers = scene.answers
        published = None if answers["published"] == book.NOTHING else Path(answers["published"])
        given = () if answers["erasures"] == book.NOTHING else (Path(answers["erasures"]),)
        logs = backups_cli.logs_beside(Path(answers["backup"]), scene.issuer.profile.iss, published, given)
        scene.close()
        backups_cli.come_back(scene.folder, self._passphrase, logs)
