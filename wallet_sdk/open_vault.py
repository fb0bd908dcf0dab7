"""An open vault and what it held when it was last read: the one place through which a wallet's parts read and write it.

Every look reads the file as it is now, so a licence that another process received is seen at once. It is decrypted, and
what stands in it verified, only when the file has changed. Not handled here: rules about what may be stored.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from protocol import directory
from protocol.directory import WalletDirectory
from protocol.errors import ProtocolError
from wallet_sdk import card_pack, holdings
from wallet_sdk.card_pack import HeldLicence
from wallet_sdk.durable_file import Identity
from wallet_sdk.errors import VaultDamaged, WalletLocked
from wallet_sdk.history_file import HistoryFile
from wallet_sdk.holdings import Holdings, StoredLicence
from wallet_sdk.vault import Protection, Vault


@dataclass(frozen=True, slots=True)
class Content:
    """What is in the vault's file, and which file that was: everything by region or id."""

    identity: Identity
    holdings: Holdings
    directories: Mapping[str, WalletDirectory]
    licences: Mapping[str, HeldLicence]


class OpenVault:
    """See the module; it may be shared by threads."""

    def __init__(self, opened: Vault) -> None:
        self._vault: Vault | None = opened
        self.folder = opened.folder
        self._content: Content | None = None
        self._history: HistoryFile | None = None
        self.current()

    @property
    def protection(self) -> Protection:
        """What guards the file."""
        return self._opened.protection

    def current(self) -> Content:
        """What the vault holds now.

        Raises:
            WalletLocked: It was let go of.
            VaultMissing, VaultDamaged, VaultUnreadable, …: The file is not what it was.
        """
        opened, content = self._opened, self._content
        # One reference is exchanged, so threads of a web page see the old content or the new, never a mixture.
        if content is None or opened.identity() != content.identity:
            content = self._content = _read(opened, content)
        return content

    @contextmanager
    def change(self) -> Iterator[tuple[Content, Callable[[Holdings], None]]]:
        """What the vault holds and what stores something else in its place; nobody else writes inside this block.

        Raises:
            VaultBusy: Another process does not let go.
            VaultNotWritten: When storing; what was there before is unchanged.
        """
        opened = self._opened
        with opened.exclusive():
            yield self.current(), lambda after: opened.write(holdings.encode(after))

    @contextmanager
    def history(self) -> Iterator[HistoryFile]:
        """The file of uses; nobody else writes to it inside this block. Raises: WalletLocked, VaultBusy."""
        opened = self._opened
        if self._history is None:
            self._history = opened.history_file()
        with opened.exclusive():
            yield self._history

    def let_go(self) -> None:
        """Nothing of it is referred to any more."""
        self._vault = self._content = self._history = None

    @property
    def _opened(self) -> Vault:
        if self._vault is None:
            raise WalletLocked
        return self._vault


def _read(opened: Vault, before: Content | None) -> Content:
    # Before the content: if the file is replaced in between, the next look sees another identity and reads again.
    identity = opened.identity()
    encrypted = opened.read_encrypted()
    held = holdings.decode(opened.decrypt(encrypted), version=opened.version_of(encrypted))
    try:
        directories = {
            name: before.directories[name]
            if before is not None and before.holdings.regions.get(name) == region
            # What has changed is verified; what was, stays verified.
            else directory.verify(region.directory, root=region.root)
            for name, region in held.regions.items()
        }
        licences = {name: _hold(stored, held, directories, before) for name, stored in held.licences.items()}
    except (ProtocolError, KeyError) as wrong:
        raise VaultDamaged(f"its content contradicts itself: {wrong}") from None
    return Content(identity, held, directories, licences)


def _hold(
    stored: StoredLicence, held: Holdings, directories: Mapping[str, WalletDirectory], before: Content | None
) -> HeldLicence:
    known = None if before is None else before.licences.get(stored.licence_id)
    # With a thousand cards, parsing them all after each small change would be felt.
    if known is not None and known.stored == stored and known.directory is directories[stored.region]:
        return card_pack.with_news(known, held.told)
    return card_pack.hold(stored, directories[stored.region], held.device_key.public_key, held.told)
