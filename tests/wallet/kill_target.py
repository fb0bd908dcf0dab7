"""A wallet that does everything that writes, in turns, and says into a pipe what is done, until it is killed.

Lines: `signed`, `shown`, `received`, `edition`, `group`, `cursor`, `receipt`, `waiting`, `migrated` and
`restored`, each with what `killing.py` has to find afterwards. `signed` is written by the
device key itself, before anybody has the signature.
"""

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import count
from multiprocessing.connection import Connection
from pathlib import Path

from protocol import cbor, receipt
from protocol.labels import Purpose
from protocol.receipt import ShownLicence
from protocol.unixtime import UnixTime
from tests.wallet.asked import Terminal
from tests.wallet.conftest import CHEAP
from tests.wallet.issued import AT, ID_KIND, ID_VALUES, VALUES, VCT, Authority, encoded, holder_key
from tests.wallet.old_vaults import VERSION_2_HISTORY, VERSION_2_VAULT
from tests.wallet.test_receipts import KEY, copy_of, stated
from wallet_sdk import Card, Wallet, cli_waiting, device_key, history
from wallet_sdk.history_file import FILE as HISTORY_FILE
from wallet_sdk.openid4vci.accepting import Waiting
from wallet_sdk.vault import VAULT_FILE

MAX_KEPT = 20
ISSUER = "https://licences.example/310000"


_told_to: list[int] = []


def say(*words: object) -> None:
    """One line, at once."""
    os.write(_told_to[0], (" ".join(map(str, words)) + "\n").encode())


class Life:
    """One life of the wallet; `number` is different in each, and grows."""

    def __init__(self, folder: Path, begin: int) -> None:
        self._folder = folder
        self._number = begin
        self._wallet = Wallet.open(folder / "wallet", clock=self._now)
        self._authority = Authority()
        self._key = holder_key(self._wallet.public_key())

    def _now(self) -> UnixTime:
        return UnixTime(AT + 2 * self._number)

    def run(self) -> Iterator[None]:
        acts: list[Callable[[], None]] = [
            self.show, self.receive, self.refresh, self.show, self.group, self.notices, self.show, self.receipt,
            self.wait, self.show, self.migrate, self.show, self.restore,
        ]  # fmt: skip
        for number in count(self._number + 1):
            self._number = number
            acts[number % len(acts)]()
            yield

    def signed(self) -> None:
        say("signed", self._now())

    def _card(self) -> Card:
        return self._wallet.cards()[0]

    def show(self) -> None:
        card = self._card()
        consent = self._wallet.request(card, Purpose.WINDOW).approve()
        self._wallet.present_once(card, audience=Purpose.WINDOW, consent=consent)
        say("shown", self._now())

    def receive(self) -> None:
        licence = f"3100{self._number % 40:04}BB"
        package = self._authority.other_package(self._key, ID_KIND, ID_VALUES, licence)
        say("received", self._wallet.receive(encoded(package)).id)

    def refresh(self) -> None:
        package = self._authority.package(self._key, iat=self._now(), nbf=self._now())
        card = self._wallet.receive(encoded(replace(package, refresh_url=ISSUER)))
        say("edition", card.id, card.edition)

    def group(self) -> None:
        say("group", self._wallet.pack.put(self._card(), f"g{self._number}").group)

    def notices(self) -> None:
        before = self._wallet.news.cursor(ISSUER)
        assert self._wallet.news.take(ISSUER, (), after=before, cursor=str(self._number))
        say("cursor", self._number)

    def receipt(self) -> None:
        if len(kept := self._wallet.receipts.listed()) > MAX_KEPT:
            self._wallet.receipts.forget(kept[-1].id)
        items: dict[cbor.Key, cbor.Value] = {key: value for key, value in VALUES.items() if key in (1, 2, 7)}
        shown = ShownLicence(VCT, frozenset((1, 2, 7)), bytes(32), receipt.claims_mac(KEY, VCT, items))
        copy = copy_of(Terminal(self._authority), stated(shown, iat=self._now()))
        say("receipt", self._wallet.receipts.take(copy).id)

    def wait(self) -> None:
        cli_waiting.add(self._folder / "wallet", Waiting(ISSUER, "id-card", 5, str(self._number), "token"))
        say("waiting", self._number)

    def migrate(self) -> None:
        folder = self._folder / f"old-{self._number}"
        folder.mkdir()
        (folder / VAULT_FILE).write_bytes(VERSION_2_VAULT)
        (folder / HISTORY_FILE).write_bytes(VERSION_2_HISTORY)
        say("old", folder.name)
        wallet = Wallet.open(folder, passphrase="version 2", clock=self._now)
        wallet.pack.put(wallet.cards()[0], "moved")
        say("migrated", folder.name)

    def restore(self) -> None:
        backup = self._wallet.backup("another phone", cost=CHEAP)
        (self._folder / f"backup-{self._number}").write_bytes(backup)
        folder = self._folder / f"new-{self._number}"
        say("restoring", self._number)
        Wallet.restore(folder, backup, backup_passphrase="another phone", clock=self._now)
        say("restored", self._number)


def main(folder: Path, begin: int, told_to: Connection) -> None:
    """Never ends by itself."""
    _told_to[:] = [told_to.fileno()]
    history.MAX_KEPT = MAX_KEPT
    life = Life(folder, begin)
    sign = device_key.SoftwareKey.sign

    def noted(key: device_key.SoftwareKey, message: bytes) -> bytes:
        life.signed()
        return sign(key, message)

    device_key.SoftwareKey.sign = noted  # type: ignore[method-assign]
    say("ready")
    for _ in life.run():
        pass
