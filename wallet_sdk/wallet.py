"""The façade of the SDK: one `Wallet` over one folder.

Every call reads the vault's file as it is now, so a licence that another process received is seen at once. Not handled
here: the network (the caller brings the package's bytes) and drawing on a screen.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import Self

from protocol import directory
from protocol.directory import PurposeItems
from protocol.errors import ProtocolError
from protocol.labels import Alg, KeyAssurance, Purpose
from protocol.unixtime import UnixTime
from wallet_sdk import card_pack, consent, device_key, durable_file, holdings, receiving, selection
from wallet_sdk.card_pack import Card, HeldLicence
from wallet_sdk.consent import ConsentRequest, Decision
from wallet_sdk.distinct_moments import DistinctMoments
from wallet_sdk.durable_file import WriteBytes
from wallet_sdk.dynamic_code import Frame, Showing
from wallet_sdk.errors import VaultDamaged
from wallet_sdk.holdings import Holdings
from wallet_sdk.ports import AsyncSleep, Clock, Random, Sleep
from wallet_sdk.vault import RFC_9106_LOW_MEMORY, PassphraseCost, Protection, Vault
from wallet_sdk.wiring import Ports

_REAL = Ports()


@dataclass(frozen=True, slots=True)
class _Content:
    """The vault's file at one moment, and what is in it."""

    encrypted: bytes = field(repr=False)
    holdings: Holdings
    licences: Mapping[str, HeldLicence]


class Wallet:
    """An open wallet."""

    def __init__(self, vault: Vault, clock: Clock, sleep: Sleep, async_sleep: AsyncSleep) -> None:
        self._vault = vault
        self._moments = DistinctMoments(vault.folder)
        self._clock = clock
        self._sleep = sleep
        self._async_sleep = async_sleep
        self._content = self._read(vault.read_encrypted())

    @classmethod
    def create(
        cls,
        folder: str | PathLike[str],
        *,
        passphrase: str | None = None,
        key: Alg = Alg.ESP256,
        clock: Clock = _REAL.clock,
        random: Random = _REAL.random,
        sleep: Sleep = _REAL.sleep,
        async_sleep: AsyncSleep = _REAL.async_sleep,
        cost: PassphraseCost = RFC_9106_LOW_MEMORY,
        write: WriteBytes = durable_file.write_bytes,
    ) -> Self:
        """A new wallet with a fresh device key.

        Args:
            folder: Made if it is not there.
            passphrase: Locks the vault. None: a random key file lies beside it, which whoever can read the folder can
                use (`protection` says so).
            key: P-256 as in phones' key stores, or Ed25519.
            clock, random, sleep, async_sleep, cost, write: Injected by tests and by platforms.

        Raises:
            VaultExists, PassphraseEmpty, VaultNotWritten, VaultBusy: see these.
        """
        empty = Holdings(device_key.new_software_key(key, random), {}, {})
        vault = Vault.create(
            Path(folder),
            holdings.encode(empty),
            passphrase=passphrase,
            random=random,
            sleep=sleep,
            cost=cost,
            write=write,
        )
        return cls(vault, clock, sleep, async_sleep)

    @classmethod
    def open(
        cls,
        folder: str | PathLike[str],
        *,
        passphrase: str | None = None,
        clock: Clock = _REAL.clock,
        random: Random = _REAL.random,
        sleep: Sleep = _REAL.sleep,
        async_sleep: AsyncSleep = _REAL.async_sleep,
        write: WriteBytes = durable_file.write_bytes,
    ) -> Self:
        """The wallet in this folder.

        Raises:
            VaultMissing, VaultTooNew, VaultDamaged, VaultUnreadable, PassphraseNeeded, PassphraseWrong,
            PassphraseEmpty, KeyFileMissing: see these.
        """
        vault = Vault.open(Path(folder), passphrase=passphrase, random=random, sleep=sleep, write=write)
        return cls(vault, clock, sleep, async_sleep)

    @property
    def protection(self) -> Protection:
        """What guards the wallet's file; a key file deserves a warning."""
        return self._vault.protection

    @property
    def key_assurance(self) -> KeyAssurance:
        """How well the device key is kept."""
        return self._current().holdings.device_key.key_assurance

    def public_key(self) -> bytes:
        """What the issuer needs: the device's public key as a CBOR COSE_Key."""
        return device_key.cose_key_bytes(self._current().holdings.device_key.public_key)

    def receive(self, package: bytes, *, root: bytes | None = None) -> Card:
        """Stores the licence of a package, once every check holds; nothing is stored otherwise.

        Args:
            package: As the issuer made it.
            root: SHA-256 thumbprint of the root to accept; None: the one known for the region, else the package's own.

        Raises:
            ReceiveError: The first check that fails, by its own leaf.
            VaultNotWritten, VaultBusy: It is not stored; what was there is unchanged.
        """
        at = self._clock()
        with self._vault.exclusive():
            after, licence_id = receiving.receive(package, self._current().holdings, at=at, root=root)
            self._vault.write(holdings.encode(after))
        return card_pack.card(self._current().licences[licence_id], at)

    def cards(self, at: UnixTime | None = None) -> tuple[Card, ...]:
        """Every licence, in the order of their kinds and ids."""
        moment = self._clock() if at is None else at
        in_order = sorted(self._current().licences.values(), key=lambda each: (each.kind.vct, each.stored.licence_id))
        return tuple(card_pack.card(each, moment) for each in in_order)

    def card(self, wanted: str, at: UnixTime | None = None) -> Card:
        """The card with this id, this unique beginning of an id, or of this kind.

        Raises:
            LicenceNotFound, LicenceAmbiguous: see these.
        """
        licence = card_pack.find(self._current().licences, wanted)
        return card_pack.card(licence, self._clock() if at is None else at)

    def request(self, card: Card, purpose: Purpose) -> ConsentRequest:
        """What to ask the holder before this card is shown for this purpose.

        Raises:
            LicenceNotFound, PurposeNotOffered: see these.
        """
        licence = self._licence(card)
        return consent.request(licence, card_pack.card(licence, self._clock()), purpose)

    def show(self, card: Card, *, audience: Purpose, consent: Decision, every: int = 30) -> Showing:
        """A showing that rolls the code; close it, or use it in a `with` block.

        Args:
            card: Which licence.
            audience: What for; the decision must be about it.
            consent: The holder's decision (`wallet.request(…).approve(…)`).
            every: Seconds between codes, 15 to 30.

        Raises:
            ConsentMissing, ConsentMismatch: Nothing was signed.
            ItemsInseparable, ItemBeyondPurpose, RedrawIntervalWrong, LicenceNotFound: see these.
        """
        licence = self._licence(card)
        wanted = _checked(consent, card_pack.card(licence, self._clock()), audience)
        asked = licence.directory.maxima.get((card.vct, audience), PurposeItems(frozenset(), frozenset()))
        return Showing(
            licence,
            selection.select(licence, wanted, asked),
            audience,
            self._current().holdings.device_key,
            every=every,
            moments=self._moments,
            clock=self._clock,
            sleep=self._sleep,
            async_sleep=self._async_sleep,
        )

    def present_once(self, card: Card, *, audience: Purpose, consent: Decision, at: UnixTime | None = None) -> Frame:
        """One code, signed at this moment. Raises: as `show` and `Showing.frame`."""
        with self.show(card, audience=audience, consent=consent) as showing:
            return showing.frame(at)

    def _licence(self, card: Card) -> HeldLicence:
        return card_pack.find(self._current().licences, card.id)

    def _current(self) -> _Content:
        """What the vault holds now; decrypted again only when its file has changed."""
        encrypted = self._vault.read_encrypted()
        # One reference is exchanged, so threads of a web page see the old content or the new, never a mixture.
        if encrypted != self._content.encrypted:
            self._content = self._read(encrypted)
        return self._content

    def _read(self, encrypted: bytes) -> _Content:
        held = holdings.decode(self._vault.decrypt(encrypted))
        return _Content(encrypted, held, _licences(held))


def _checked(decision: Decision | None, card: Card, audience: Purpose) -> frozenset[int]:
    # The parameter `consent` of `Wallet.show` hides the module of that name.
    return consent.check(decision, card=card, audience=audience)


def _licences(content: Holdings) -> dict[str, HeldLicence]:
    try:
        directories = {
            name: directory.verify(region.directory, root=region.root) for name, region in content.regions.items()
        }
        return {name: card_pack.hold(stored, directories[stored.region]) for name, stored in content.licences.items()}
    except (ProtocolError, KeyError) as wrong:
        raise VaultDamaged(f"its content contradicts itself: {wrong}") from None
