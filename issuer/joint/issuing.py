"""Issues a licence to several holders: a licence of their own for each, which the register changes as one.

1 every holder's subject is checked, then all of them together, and everything that would be signed is linted · 2 holder
by holder as any licence is issued, the link between them in the transaction of each intent. After a crash between two
holders the first ones have theirs, and a legal change reaches them; the others are issued by withdrawing and beginning
anew. Without devices nothing is signed: all of them are recorded in one transaction, and each is offered to its holder
(`issuer.openid4vci.offering`). Not handled here: which devices are whose.
"""

from collections.abc import Callable, Mapping, Sequence

from sqlalchemy import Connection

from issuer import subject as subject_check
from issuer.audit import trail
from issuer.errors import KindUnknown
from issuer.issuance import Issuance, Issued
from issuer.joint import holders
from issuer.joint import register as rows_of
from issuer.joint.errors import HoldersRefused
from issuer.profile import Profile
from issuer.register import Register
from protocol.keys import VerificationKey
from protocol.labels import KeyAssurance
from protocol.licence.catalogue import Kind
from protocol.unixtime import UnixTime


class JointLicences:
    """The licences of one authority that several persons hold together."""

    def __init__(
        self,
        *,
        profile: Profile,
        register: Register,
        kinds: Mapping[int, Kind],
        issuance: Issuance,
        directory: Callable[[UnixTime], bytes],
        publish_new_lists: Callable[[UnixTime], None],
    ) -> None:
        self._profile, self._register, self._kinds, self._issuance = profile, register, kinds, issuance
        self._directory, self._publish_new_lists = directory, publish_new_lists

    def issue(
        self,
        slug: str,
        written: object,
        holder_keys: Sequence[VerificationKey],
        *,
        portraits: Sequence[bytes | None],
        actor: str,
        at: UnixTime,
        key_assurance: KeyAssurance = KeyAssurance.SOFTWARE,
        department: str | None = None,
    ) -> tuple[Issued, ...]:
        """A licence for each holder, in the order of the subject's `holders`.

        Args:
            slug: The kind.
            written: The subject, with `holders`.
            holder_keys: The device of each holder.
            portraits: The picture of each holder, or None.
            actor: Who issues it.
            at: When.
            key_assurance: How the devices keep their keys.
            department: Who signs, where several issue this kind.

        Raises:
            KindUnknown, HoldersRefused, SubjectRefused, PortraitRefused, LintRefused: Nothing was recorded.
            IssuanceInterrupted, RegisterUnavailable: As `Issuance.issue`; some holders may have theirs.
        """
        kind = self._kind(slug)
        # 1
        parts = holders.of(kind, written)
        if not len(parts) == len(holder_keys) == len(portraits):
            raise HoldersRefused(
                f"{len(parts)} holders, {len(holder_keys)} device keys and {len(portraits)} places for portraits"
            )
        if len({key.thumbprint for key in holder_keys}) < len(holder_keys):
            raise HoldersRefused("two holders have one device key")
        holders.check(
            kind, [self._rehearsed(kind, *each, key_assurance, at) for each in zip(parts, holder_keys, strict=True)]
        )
        # 2
        first: list[str] = []

        def linked(place: int) -> Callable[[Connection, str], None]:
            def link(connection: Connection, licence_id: str) -> None:
                if place == 0:
                    first.append(licence_id)
                rows_of.link(connection, licence_id, joint_id=first[0], place=place)

            return link

        issued = tuple(
            self._issuance.issue(
                kind,
                part,
                key,
                key_assurance=key_assurance,
                picture=picture,
                directory=self._directory(at),
                department=department,
                actor=actor,
                at=at,
                also=linked(place),
                together=True,
            )
            for place, (part, key, picture) in enumerate(zip(parts, holder_keys, portraits, strict=True))
        )
        self._publish_new_lists(at)
        return issued

    def record(
        self, slug: str, written: object, *, portraits: Sequence[bytes | None], actor: str, at: UnixTime
    ) -> tuple[str, ...]:
        """A licence for each holder that no device has yet, in the order of the subject's `holders`.

        Args:
            slug: The kind.
            written: The subject, with `holders`.
            portraits: The picture of each holder, or None; empty if no holder has one.
            actor: Who records it.
            at: When.

        Raises:
            KindUnknown, KindRetired, HoldersRefused, SubjectRefused, PortraitRefused, RegisterUnavailable: Nothing was
                recorded.
        """
        kind = self._kind(slug)
        # 1
        parts = holders.of(kind, written)
        portraits = portraits or [None] * len(parts)
        if len(portraits) != len(parts):
            raise HoldersRefused(f"{len(parts)} holders and {len(portraits)} places for portraits")
        complete = [
            self._issuance.completed(kind, dict(part), picture) for part, picture in zip(parts, portraits, strict=True)
        ]
        checked = [subject_check.check(kind, each, at=at, fictional=self._profile.fictional) for each in complete]
        holders.check(kind, checked)
        records = [
            self._issuance.record_of(kind, each, its, at=at, together=True)
            for each, its in zip(complete, checked, strict=True)
        ]
        ids = tuple(each.id for each in records)
        pictures = {each: picture for each, picture in zip(ids, portraits, strict=True) if picture is not None}
        with self._register.adding() as connection:
            self._register.record_only(connection, records, pictures=pictures)
            for place, each in enumerate(ids):
                rows_of.link(connection, each, joint_id=ids[0], place=place)
                trail.append(connection, "record-together", "licence", each, actor=actor, at=at)
        return ids

    def together(self, licence_id: str) -> tuple[str, ...]:
        """The licences of all who hold this one, in their order. Raises: RegisterUnavailable."""
        with self._register.reading() as connection:
            return rows_of.together(connection, licence_id)

    def _kind(self, slug: str) -> Kind:
        for kind in self._kinds.values():
            if kind.slug == slug:
                return kind
        raise KindUnknown("there is no such kind")

    def _rehearsed(
        self, kind: Kind, part: Mapping[str, object], key: VerificationKey, key_assurance: KeyAssurance, at: UnixTime
    ) -> subject_check.Subject:
        checked = subject_check.check(kind, dict(part), at=at, fictional=self._profile.fictional)
        self._issuance.draft(kind, checked, key, key_assurance, at)
        return checked
