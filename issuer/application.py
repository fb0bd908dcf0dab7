"""The issuer as others see it: one object over one folder. Every moment is an argument, randomness is given at opening.

Guaranteed: a legal change is in the register before it is published; if publishing then fails, the error says that the
change stands. Not handled here: who may call it (`issuer.web`, the file system), clocks (`issuer.wiring`).
"""

import base64
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from issuer import (
    allocation,
    assembling,
    database,
    durable_files,
    packages,
    profile,
    signers,
)
from issuer.added_kinds.keeping import AddedKinds
from issuer.audit import trail
from issuer.audit.trail import OPERATOR
from issuer.branches import Branches
from issuer.draws import RandomBytes
from issuer.errors import (
    AlreadyInitialised,
    IssuerError,
    KindUnknown,
    LicenceUnknown,
    NotAnIssuer,
    PublishingFailed,
)
from issuer.issuance import Issued
from issuer.keys import opening
from issuer.keys.box import LIBSODIUM_MODERATE, Argon2Profile
from issuer.keys.opening import Opened, no_pin
from issuer.keys.records import WORDS
from issuer.lifecycle import LegalChange
from issuer.profile import Places, Profile, TokenPlace
from issuer.publishing import Publication
from issuer.register import Also, LicenceRecord, OpenIntent, Register, StatusEvent
from protocol.keys import Signer, VerificationKey
from protocol.labels import KeyAssurance, KeyUse
from protocol.licence.catalogue import Kind
from protocol.unixtime import UnixTime

MAX_LISTED: Final = 1_000
_MAX_SEARCH_CHARACTERS: Final = 100
_OPERATOR_TOKEN_BYTES: Final = 32


class Issuer(Branches):
    """One authority: keys, register, publications. Use it as a context manager; it may be shared by threads."""

    def __init__(
        self,
        places: Places,
        its_profile: Profile,
        held: Opened,
        register: Register,
        *,
        random_bytes: RandomBytes,
    ) -> None:
        parts = assembling.assembled(places, its_profile, held, register, random_bytes=random_bytes)
        publisher = parts.publisher
        self.places, self.profile, self.kinds, self.feed = places, its_profile, parts.kinds, parts.feed
        self._signers, self._register = held.signers, register
        self._publisher, self._issuance, self._allocator = publisher, parts.issuance, parts.allocator
        self._random_bytes = random_bytes
        self.added_kinds = AddedKinds(places=places, register=register)
        super().__init__(
            profile=its_profile,
            signers=held.signers,
            ring=parts.ring,
            register=register,
            kinds=parts.kinds,
            rows=parts.rows,
            allocator=parts.allocator,
            random_bytes=random_bytes,
            issuance=parts.issuance,
            folder=places.folder,
            imports=places.imports,
            packages=places.packages,
            wallet_directory=lambda at: publisher.wallet_directory(at=at),
            issue=self.issue,
            issue_again=lambda licence_id, key, assurance, actor, at: self.issue_again(
                licence_id, key, at=at, key_assurance=assurance, actor=actor
            ),
            publish_change=self._publish_change,
            publish_new_lists=self._publish_new_lists,
        )

    @classmethod
    def init(
        cls,
        folder: Path,
        *,
        region: str,
        authority: str,
        passphrase: str | None,
        random_bytes: RandomBytes,
        at: UnixTime,
        fictional: bool = True,
        register_url: str | None = None,
        token: TokenPlace | None = None,
        pin: Callable[[], str] = no_pin,
        argon2: Argon2Profile = LIBSODIUM_MODERATE,
    ) -> Self:
        """Make keys, register, operator token and the first publication in a new or empty folder.

        The register is a file in it, or lies in the empty database at `register_url`, which holds no password. The keys
        are made in the token, if there is one, and what `keys.box` says of them is where they are.

        Raises:
            AlreadyInitialised: The folder holds an issuer or something else.
            RegisterTaken: The database is not empty.
            ProfileRefused, PassphraseRefused, StorageFailed, RegisterUnavailable: Nothing usable was made.
            PinRequired, TokenUnavailable, TokenRefused: Neither, but perhaps keys that nobody uses, in the token.
        """
        places, its_profile = Places(folder), Profile(region, authority, at, fictional, register_url, token)
        if register_url is not None:
            database.check_server_url(register_url)
        durable_files.make_folder(folder, mode=0o700)
        if any(folder.iterdir()):
            raise AlreadyInitialised("the folder is not empty")
        its_token = opening.token(token, pin=pin)
        made = signers.create(places, passphrase=passphrase, argon2=argon2, random_bytes=random_bytes, token=its_token)
        word = base64.urlsafe_b64encode(random_bytes(_OPERATOR_TOKEN_BYTES)).rstrip(b"=")
        durable_files.write_atomically(places.operator_token, word + b"\n", mode=durable_files.PRIVATE)
        if register_url is None:
            # The folder may have been there, open to others; SQLite gives its other files the first one's permissions.
            durable_files.write_atomically(places.register, b"", mode=durable_files.PRIVATE)
        register = Register.create(_url(places, its_profile))
        try:
            issuer = cls(places, its_profile, Opened(made, its_token), register, random_bytes=random_bytes)
            issuer.publish(at=at)
            # Last: only a folder with a profile is an issuer's.
            profile.write(its_profile, places)
        except BaseException:
            register.close()
            raise
        return issuer

    @classmethod
    def open(
        cls, folder: Path, *, passphrase: str | None, random_bytes: RandomBytes, pin: Callable[[], str] = no_pin
    ) -> Self:
        """The issuer in this folder. Its token, if it has one, is asked when something is signed.

        Raises:
            NotAnIssuer: There is none, or a part of it is missing.
            KeyFileDamaged, PassphraseRequired, WrongPassphrase: Its keys stay closed.
            RegisterUnavailable: Its register cannot be read.
        """
        places = Places(folder)
        its_profile = profile.read(places)
        if its_profile.register is None and not places.register.is_file():
            raise NotAnIssuer("the register is missing", hint="Restore register.sqlite from a backup.")
        token = opening.token(its_profile.token, pin=pin)
        held = Opened(signers.load(places, passphrase=passphrase, random_bytes=random_bytes, token=token), token)
        register = Register.open(_url(places, its_profile))
        try:
            return cls(places, its_profile, held, register, random_bytes=random_bytes)
        except BaseException:
            register.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give the register back."""
        self._register.close()

    @property
    def root(self) -> VerificationKey:
        """The key under which everything published is verified."""
        return self._signers.root.public_key

    def signing_now(self, *, at: UnixTime) -> tuple[tuple[str, Signer], ...]:
        """The root, the status key, and each key that signs now, by what they are called; a token is not asked yet.

        Raises: RegisterUnavailable, KeyElsewhere.
        """
        held = self._signers
        first = (("root", held.root), (WORDS[KeyUse.STATUS], held.status))
        others = (each for each in self.keys.listed() if each.may_sign(at) and each.use is not KeyUse.STATUS)
        return (*first, *((WORDS[each.use], self.ring.signer(each.kid)) for each in others))

    def issue(
        self,
        slug: str,
        subject: object,
        holder_key: VerificationKey,
        *,
        at: UnixTime,
        key_assurance: KeyAssurance = KeyAssurance.SOFTWARE,
        portrait: bytes | None = None,
        department: str | None = None,
        actor: str = OPERATOR,
        also: Also | None = None,
    ) -> Issued:
        """A new licence of this kind for this subject, bound to this device key.

        Raises:
            KindUnknown, PortraitRefused, SubjectRefused, LintRefused: Nothing was recorded.
            KeyNotForKind, DepartmentNeeded, NoSigningKey: No key signs this for this department; nothing was recorded.
            DeviceLost, TooManyDevices: The holder gets nothing on this key; nothing was recorded.
            IssuanceInterrupted: The intent is recorded, nothing was handed out.
            NoFreeIndex, RegisterUnavailable, StorageFailed: The folder did not do its part.
        """
        issued = self._issuance.issue(
            self._kind(slug),
            subject,
            holder_key,
            key_assurance=key_assurance,
            picture=portrait,
            directory=self._publisher.wallet_directory(at=at),
            department=department,
            actor=actor,
            at=at,
            also=also,
        )
        self._publish_new_lists(at)
        return issued

    def issue_again(
        self,
        licence_id: str,
        holder_key: VerificationKey,
        *,
        at: UnixTime,
        key_assurance: KeyAssurance = KeyAssurance.SOFTWARE,
        actor: str = OPERATOR,
    ) -> Issued:
        """The same licence for another device, or a refresh: a new index. Raises: as `issue`, and LicenceNotValid."""
        record = self.licence(licence_id)
        issued = self._issuance.issue_again(
            self.kinds[record.vct],
            record,
            holder_key,
            key_assurance=key_assurance,
            directory=self._publisher.wallet_directory(at=at),
            actor=actor,
            at=at,
        )
        self._publish_new_lists(at)
        return issued

    def suspend(self, licence_id: str, *, reason: str, actor: str, at: UnixTime) -> tuple[StatusEvent, ...]:
        """Suspend a valid licence (暂扣) and publish. Raises: as `change`."""
        return self.change(licence_id, LegalChange.SUSPEND, reason=reason, actor=actor, at=at)

    def reinstate(self, licence_id: str, *, reason: str, actor: str, at: UnixTime) -> tuple[StatusEvent, ...]:
        """End a suspension and publish. Raises: as `change`."""
        return self.change(licence_id, LegalChange.REINSTATE, reason=reason, actor=actor, at=at)

    def revoke(self, licence_id: str, *, reason: str, actor: str, at: UnixTime) -> tuple[StatusEvent, ...]:
        """Revoke a licence (吊销), finally, and publish. Raises: as `change`."""
        return self.change(licence_id, LegalChange.REVOKE, reason=reason, actor=actor, at=at)

    def change(
        self, licence_id: str, legal_change: LegalChange, *, reason: str, actor: str, at: UnixTime
    ) -> tuple[StatusEvent, ...]:
        """Make a legal change, flip every unexpired index of the licence, and publish what is due of it.

        A change that can wait is due later (`StatusEvent.due`).

        Raises:
            SecondPersonNeeded: Whoever acts has changed as many licences as one may alone; nothing was changed.
            LicenceUnknown, TransitionRefused, ReasonRefused, RegisterUnavailable: Nothing was changed.
            PublishingFailed: The change stands and is not published yet.
        """
        return self.changes.change_one(_form(licence_id), legal_change, reason=reason, actor=actor, at=at)

    def close_lists(self, *, at: UnixTime, actor: str = OPERATOR) -> Publication:
        """Give no more entries of any open list, and open others: the register came back from a backup.

        Lists that the folder knows and the register does not were opened since the backup: none of their entries is
        given again either. Raises: RegisterUnavailable, StorageFailed.
        """
        with self._register.writing() as connection:
            allocation.close_all(connection, published=self._publisher.published_lists(), at=at)
            trail.append(connection, "close-lists", "register", self.profile.iss, actor=actor, at=at)
        return self.publish(at=at)

    def publish(self, *, at: UnixTime, to: Path | None = None) -> Publication:
        """Publish into the issuer's folder, and into another one too. Raises: StorageFailed, RegisterUnavailable."""
        folders = (self.places.published,) if to is None else (self.places.published, to)
        publication = self._publisher.publish(folders, at=at)
        # A round that cannot seal leaves it to the next one: what is published does not wait for it.
        with suppress(IssuerError):
            self.audit.seal()
        return publication

    def list(self, *, search: str = "", limit: int = MAX_LISTED) -> tuple[LicenceRecord, ...]:
        """Licences, the newest first, whose id, holder or number contains the text."""
        if len(search) > _MAX_SEARCH_CHARACTERS or not search.isprintable():
            return ()
        return self._register.licences(search=search, limit=min(limit, MAX_LISTED))

    def licence(self, licence_id: str) -> LicenceRecord:
        """One licence. Raises: LicenceUnknown, RegisterUnavailable."""
        return self._register.licence(licence_id)

    def events(self, licence_id: str) -> tuple[StatusEvent, ...]:
        """Every legal change of a licence, index by index. Raises: RegisterUnavailable."""
        return self._register.events(_form(licence_id))

    def open_intents(self) -> tuple[OpenIntent, ...]:
        """Credentials that were about to be signed and have no recorded result."""
        return self._register.open_intents()

    def package(self, licence_id: str) -> bytes:
        """The newest package of a licence for its holder. Raises: LicenceUnknown, PackageUnknown."""
        return packages.completed(self._register.package(licence_id), self._publisher.published_directory())

    def package_by_secret(self, licence_id: str, secret: str) -> bytes:
        """The package of a licence or mandate that this secret opens.

        Raises:
            PackageUnknown: No such licence, or another secret: the answer does not tell which.
        """
        kept = packages.by_secret(self._register, licence_id, secret)
        return packages.completed(kept, self._publisher.published_directory())

    def _publish_new_lists(self, at: UnixTime) -> None:
        # What was issued is issued, and must be handed out; the next round publishes what this one could not.
        with suppress(IssuerError):
            self._publisher.publish_new_lists((self.places.published,), at=at)

    def _publish_change(self, at: UnixTime) -> None:
        try:
            self.publish(at=at)
        except IssuerError as error:
            raise PublishingFailed(f"the change is recorded, but publishing failed: {error}") from error

    def _kind(self, slug: str) -> Kind:
        for kind in self.kinds.values():
            if kind.slug == slug:
                return kind
        raise KindUnknown(
            f"there is no such kind; known: {', '.join(sorted(kind.slug for kind in self.kinds.values()))}"
        )


def _form(licence_id: str) -> str:
    # A database would refuse half a surrogate pair in its own words.
    if not licence_id.isascii() or not licence_id.isprintable():
        raise LicenceUnknown("no licence has this id")
    return licence_id


def _url(places: Places, its_profile: Profile) -> str:
    return its_profile.register or f"sqlite:///{places.register.absolute()}"
