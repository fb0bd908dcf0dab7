"""The façade of the SDK: one `Wallet` over one folder.

Not handled here: the network (the caller brings the package's bytes) and drawing on a screen.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import Any, Self
from weakref import WeakSet

from protocol import key_proof
from protocol.directory import PurposeItems
from protocol.labels import Alg, KeyAssurance, Purpose
from protocol.unixtime import UnixTime
from wallet_sdk import (
    backups,
    batch,
    card_pack,
    cautions,
    consent,
    device_key,
    durable_file,
    gate,
    holdings,
    joint_consent,
    receiving,
    terminal_request,
)
from wallet_sdk.backups import Backup
from wallet_sdk.batch import BatchDecision, BatchRequest, BatchShowing
from wallet_sdk.card_pack import Card, HeldLicence
from wallet_sdk.composition import Member
from wallet_sdk.consent import ConsentRequest, Decision
from wallet_sdk.device_key import DeviceKey
from wallet_sdk.distinct_moments import DistinctMoments
from wallet_sdk.durable_file import WriteBytes
from wallet_sdk.dynamic_code import ALWAYS, Showing, Window
from wallet_sdk.errors import ConsentMismatch, WalletLocked
from wallet_sdk.history import History
from wallet_sdk.holdings import Holdings
from wallet_sdk.joint_consent import Addressee, JointDecision, JointRequest
from wallet_sdk.key_stores.store import KeyStore, device_key_of, new_key
from wallet_sdk.news import News
from wallet_sdk.open_vault import Content, OpenVault
from wallet_sdk.pack import CardPack
from wallet_sdk.pictures import Frame
from wallet_sdk.ports import AsyncSleep, Clock, Elapsed, Ports, Random, Sleep
from wallet_sdk.receipts import Receipts
from wallet_sdk.sealed_file import RFC_9106_LOW_MEMORY, PassphraseCost
from wallet_sdk.terminal_request import TerminalRequest
from wallet_sdk.vault import Protection, Vault
from wallet_sdk.wiring import REAL


class Wallet:
    """An open wallet. `history` says what was shown when, for whom."""

    def __init__(self, vault: Vault, ports: Ports, key_store: KeyStore | None) -> None:
        self._vault = OpenVault(vault)
        self._key: DeviceKey | None = device_key_of(self._vault.current().holdings.device_key, key_store)
        self._moments = DistinctMoments(vault.folder)
        self._ports, self._clock = ports, ports.clock
        self._showings: WeakSet[Showing] = WeakSet()
        self.history = History(self._vault, ports.clock)

    @classmethod
    def create(
        cls,
        folder: str | PathLike[str],
        *,
        passphrase: str | None = None,
        key: Alg = Alg.ESP256,
        key_store: KeyStore | None = None,
        clock: Clock = REAL.clock,
        elapsed: Elapsed = REAL.elapsed,
        random: Random = REAL.random,
        sleep: Sleep = REAL.sleep,
        async_sleep: AsyncSleep = REAL.async_sleep,
        cost: PassphraseCost = RFC_9106_LOW_MEMORY,
        write: WriteBytes = durable_file.write_bytes,
        _backup: Backup | None = None,
    ) -> Self:
        """A new wallet with a fresh device key.

        Args:
            folder: Made if it is not there.
            passphrase: Locks the vault. None: a random key file lies beside it, which whoever can read the folder can
                use (`protection` says so).
            key: P-256 as in phones' key stores, or Ed25519.
            key_store: Where the device key is made and kept (`key_stores`); None: in the wallet's own file.
            clock, elapsed, random, sleep, async_sleep, cost, write: Injected by tests and by platforms.

        Raises:
            VaultExists, PassphraseEmpty, VaultNotWritten, VaultBusy, KeyStoreError: see these.
        """
        made = device_key.new_software_key(key, random) if key_store is None else new_key(key_store, key)
        held = Holdings(made, {}, {}) if _backup is None else backups.for_device(_backup, made)
        vault = Vault.create(
            Path(folder),
            holdings.encode(held),
            passphrase=passphrase,
            random=random,
            sleep=sleep,
            cost=cost,
            write=write,
            history=() if _backup is None else _backup.history,
        )
        return cls(vault, Ports(clock, elapsed, sleep, async_sleep, random), key_store)

    @classmethod
    def open(
        cls,
        folder: str | PathLike[str],
        *,
        passphrase: str | None = None,
        key_store: KeyStore | None = None,
        clock: Clock = REAL.clock,
        elapsed: Elapsed = REAL.elapsed,
        random: Random = REAL.random,
        sleep: Sleep = REAL.sleep,
        async_sleep: AsyncSleep = REAL.async_sleep,
        write: WriteBytes = durable_file.write_bytes,
    ) -> Self:
        """The wallet in this folder, with the key store that it was made with.

        Raises:
            VaultMissing, VaultTooNew, VaultDamaged, VaultUnreadable, PassphraseNeeded, PassphraseWrong,
            PassphraseEmpty, KeyFileMissing, KeyStoreError: see these.
        """
        vault = Vault.open(Path(folder), passphrase=passphrase, random=random, sleep=sleep, write=write)
        return cls(vault, Ports(clock, elapsed, sleep, async_sleep, random), key_store)

    @classmethod
    def restore(
        cls,
        folder: str | PathLike[str],
        backup: bytes,
        *,
        backup_passphrase: str,
        passphrase: str | None = None,
        key: Alg = Alg.ESP256,
        key_store: KeyStore | None = None,
        **further: Any,
    ) -> Self:
        """A new wallet with a fresh device key, and what `backup` gave: its licences are to be bound anew.

        It is there whole or not at all: after a kill, restore once more.

        Raises:
            VaultDamaged, VaultTooNew, PassphraseWrong: The backup does not open; nothing was made.
            VaultExists, …: as `create`, which the other arguments go to.
        """
        held = backups.opened(backup, backup_passphrase)
        return cls.create(folder, passphrase=passphrase, key=key, key_store=key_store, _backup=held, **further)

    def backup(self, passphrase: str, *, cost: PassphraseCost = RFC_9106_LOW_MEMORY) -> bytes:
        """One encrypted file with everything but the device key, for `restore`. Raises: PassphraseEmpty."""
        return backups.made(self._vault, passphrase, cost=cost, random=self._ports.random)

    def lock(self) -> None:
        """Closes every showing, and lets go of the device key and the licences; open the wallet anew to go on."""
        for showing in tuple(self._showings):
            showing.close()
        self._vault.let_go()
        self._key = None

    @property
    def protection(self) -> Protection:
        """What guards the wallet's file; a key file deserves a warning."""
        return self._vault.protection

    @property
    def key_assurance(self) -> KeyAssurance:
        """How well the device key is kept."""
        return self._device_key.key_assurance

    def public_key(self) -> bytes:
        """What the issuer needs: the device's public key as a CBOR COSE_Key."""
        return device_key.cose_key_bytes(self._current().holdings.device_key.public_key)

    def prove(self, claims: Mapping[str, object], *, audience: str, typ: str) -> str:
        """A proof that this wallet holds its device key: a JWT of this type for this issuer (`openid4vci`)."""
        return key_proof.sign({"aud": audience, "iat": self._clock(), **claims}, typ=typ, signer=self._device_key)

    def receive(self, package: bytes, *, root: bytes | None = None) -> Card:
        """Stores the licence of a package as the issuer made it, once every check holds; nothing is stored otherwise.

        Args:
            root: SHA-256 thumbprint of the root to accept; None: the one known for the region, else the package's own.

        Raises:
            ReceiveError: The first check that fails, by its own leaf.
            VaultNotWritten, VaultBusy: It is not stored; what was there is unchanged.
        """
        with self._vault.change() as (held, store):
            after, licence_id = receiving.receive(package, held.holdings, at=self._clock(), root=root)
            store(after)
        return self.card(licence_id)

    def take_directory(self, encoded: bytes) -> str:
        """Stores a newer wallet directory of a known region, and gives the region; each package brings one, too.

        Raises:
            DirectoryRefused, DirectoryExpired, PackageOlder, PackageFromFuture, VaultNotWritten, VaultBusy: No change.
        """
        with self._vault.change() as (held, store):
            after, region = receiving.take_directory(encoded, held.holdings, at=self._clock())
            store(after)
        return region

    @property
    def pack(self) -> CardPack:
        """The cards in profiles and groups, what to remind the holder of, and the offices that renew them."""
        return CardPack(self._vault, self._clock)

    @property
    def receipts(self) -> Receipts:
        """The receipts that are kept with the licences."""
        return Receipts(self._vault, self._clock)

    @property
    def news(self) -> News:
        """What issuers told of the licences since they came (`openid4vci.notices` asks them)."""
        return News(self._vault)

    def cards(self, at: UnixTime | None = None) -> tuple[Card, ...]:
        """Every licence, in the order of their kinds and ids; `pack` has them by profile and group."""
        return self.pack.cards(at=at)

    def card(self, wanted: str, at: UnixTime | None = None) -> Card:
        """The card with this id, this unique beginning of an id, or of this kind.

        Raises:
            LicenceNotFound, LicenceAmbiguous: see these.
        """
        licence = card_pack.find(self._current().licences, wanted)
        return card_pack.card(licence, self._clock() if at is None else at)

    def forget(self, card: Card) -> None:
        """Removes a card from this device alone. Raises: LicenceNotFound, VaultNotWritten, VaultBusy."""
        with self._vault.change() as (held, store):
            store(held.holdings.without_licence(card.id))

    def request(self, card: Card, purpose: Purpose) -> ConsentRequest:
        """What to ask the holder before this card is shown for this purpose.

        Raises:
            LicenceNotFound, PurposeNotOffered: see these.
        """
        licence = self._licence(card)
        request = consent.request(licence, card_pack.card(licence, self._clock()), purpose)
        alg = self._device_key.public_key.alg
        return replace(request, _agreed=lambda keys: gate.prepare(licence, keys, request.asked, alg))

    def show(self, card: Card, *, audience: Purpose, consent: Decision, every: int = 30) -> Showing:
        """A showing that rolls the code; close it, or use it in a `with` block.

        Args:
            card: Which licence.
            audience: What for; the decision must be about it.
            consent: The holder's decision (`wallet.request(…).approve(…)`).
            every: Seconds between codes, 15 to 30.

        Raises:
            ConsentMissing, ConsentMismatch: Nothing was signed.
            LicenceRevoked, DeviceReportedLost, LicenceUnbound: Every terminal would refuse it.
            ItemsInseparable, ItemBeyondPurpose, MandateScope, RedrawIntervalWrong, LicenceNotFound: see these.
        """
        addressee = Addressee.open(audience)
        return self._showing((self._member(card.id, consent, addressee),), addressee, every=every)

    def present_once(self, card: Card, *, audience: Purpose, consent: Decision, at: UnixTime | None = None) -> Frame:
        """One code, signed at this moment. Raises: as `show` and `Showing.frame`."""
        with self.show(card, audience=audience, consent=consent) as showing:
            return showing.frame(at)

    def request_bundle(self, cards: Iterable[Card], purpose: Purpose) -> JointRequest:
        """What to ask the holder before several cards are shown in one act.

        Raises:
            BundleSize: Fewer than two, more than four, or one twice.
            LicenceNotFound, PurposeNotOffered, MandateScope: see these.
        """
        licences = joint_consent.different(map(self._licence, cards), least=2)
        at = self._clock()
        sheets = tuple(consent.request(each, card_pack.card(each, at), purpose) for each in licences)
        return JointRequest(
            addressee=Addressee.open(purpose),
            sheets=sheets,
            cautions=cautions.of_cards(sheet.card for sheet in sheets),
        )

    def show_bundle(self, *, consent: JointDecision, every: int = 30) -> Showing:
        """A showing of several licences in one code that rolls. Raises: as `show`."""
        decision = joint_consent.check(consent)
        if decision.addressee != Addressee.open(decision.addressee.purpose):
            raise ConsentMismatch("it was given to one terminal, not to whoever serves a purpose")
        members = tuple(self._member(each.licence_id, each, decision.addressee) for each in decision.cards)
        return self._showing(members, decision.addressee, every=every)

    def request_batch(self, cards: Iterable[Card], purpose: Purpose) -> BatchRequest:
        """What to ask the holder before many cards are shown one after another. Raises: as `request`; BundleSize."""
        return batch.request(purpose, tuple(self.request(card, purpose) for card in cards))

    def show_batch(self, *, consent: BatchDecision) -> BatchShowing:
        """A showing of one licence after another. Raises: ConsentMissing."""
        decision = batch.check(consent)
        to = Addressee.open(decision.purpose)
        return BatchShowing(decision, lambda each: self._showing((self._member(each.licence_id, each, to),), to))

    def read_challenge(self, text: str, at: UnixTime | None = None) -> TerminalRequest:
        """What a terminal's challenge (`LC1:`) asks, once it is believed; show it to the holder, whole.

        Raises:
            RequestError: It is not believed, by its own leaf.
        """
        content = self._current()
        return terminal_request.read_challenge(
            text,
            directories=content.directories,
            licences=content.licences.values(),
            at=self._clock() if at is None else at,
        )

    def short_code(
        self, typed: str, *, purpose: Purpose, cards: Iterable[Card], at: UnixTime | None = None
    ) -> TerminalRequest:
        """The place behind a short code that the holder typed, and what these cards would show there.

        Its cautions warn of codes that somebody dictates; the page has to show them.

        Raises:
            ShortCodeMalformed, SiteUnknown, SiteAmbiguous: It leads nowhere.
            BundleSize, LicenceNotFound, PurposeNotOffered, MandateScope: see these.
        """
        return terminal_request.read_short_code(
            typed,
            purpose=purpose,
            directories=self._current().directories,
            licences=joint_consent.different(map(self._licence, cards), least=1),
            at=self._clock() if at is None else at,
        )

    def answer(self, request: TerminalRequest, decision: JointDecision, at: UnixTime | None = None) -> Frame:
        """The answer to a request, as one code: sealed to a challenge's terminal, open for a short code.

        Raises:
            ConsentMissing, ConsentMismatch: Nothing was signed.
            ChallengeOver, CodeTooLarge, LicenceExpired, …: as `show` and `Showing.frame`.
        """
        with self.show_answer(request, decision) as showing:
            return showing.frame(at)

    def show_answer(self, request: TerminalRequest, decision: JointDecision) -> Showing:
        """As `answer`, as a showing that ends with the request. Raises: as `answer`."""
        if joint_consent.check(decision).addressee != request.addressee:
            raise ConsentMismatch("it was given for another request")
        members = tuple(
            self._member(each.licence_id, each, request.addressee, request.sheet(each.licence_id).asked)
            for each in decision.cards
        )
        return self._showing(
            members, request.addressee, window=(request.read_at, request.expires_at), reason=request.reason
        )

    def _showing(
        self,
        members: tuple[Member, ...],
        addressee: Addressee,
        *,
        every: int = 30,
        window: Window = ALWAYS,
        reason: str | None = None,
    ) -> Showing:
        key = self._device_key
        # Before the first code: nothing is shown that the holder does not find again.
        self.history.add(members, addressee, reason)
        showing = Showing(members, addressee, key, every=every, moments=self._moments, ports=self._ports, window=window)
        self._showings.add(showing)
        return showing

    def _member(
        self, card_id: str, decision: Decision | None, addressee: Addressee, asked: PurposeItems | None = None
    ) -> Member:
        licence = card_pack.find(self._current().licences, card_id)
        return gate.member(licence, decision, addressee, asked, at=self._clock())

    def _licence(self, card: Card) -> HeldLicence:
        return card_pack.find(self._current().licences, card.id)

    def _current(self) -> Content:
        return self._vault.current()

    @property
    def _device_key(self) -> DeviceKey:
        if self._key is None:
            raise WalletLocked
        return self._key
