"""Which key signs now: the oldest of its use and kind that signs, has room, and belongs to the right department.

Guaranteed: a key signs its own use only, kinds of its own department only, and at most 2^20 licences; when it is full
the next one takes its place, if one was published in time. Several processes share one ring through the register. Not
handled here: making keys and ending them (`issuer.keys.ceremonies`), and what is signed.
"""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from issuer import signers
from issuer.draws import RandomBytes
from issuer.keys import departments
from issuer.keys import register as rows_of
from issuer.keys.errors import DepartmentNeeded, KeyElsewhere, KeyNotForKind, NoSigningKey
from issuer.keys.records import WORDS, KeyRecord
from issuer.keys.schema import issuer_key
from issuer.profile import Places, Profile
from issuer.register import Register
from issuer.signers import Signers, Token
from protocol import keys, limits
from protocol.keys import Signer, VerificationKey
from protocol.labels import Alg, KeyUse
from protocol.trust_list import TrustAnchor
from protocol.unixtime import UnixTime

_ALWAYS: Final = (UnixTime(limits.MAX_TIME), UnixTime(limits.MAX_TIME))
"""Of the region's own keys in its own eyes."""
LEASED: Final = 64
"""For how many licences a key is given at once at most, so that issuing does not wait for one row each time."""


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key that signs now, and whose it is; `department` is empty for the whole authority's."""

    kid: bytes
    signer: Signer
    department: str


class KeyRing:
    """The keys of one issuer. Shared by threads."""

    def __init__(
        self,
        *,
        places: Places,
        profile: Profile,
        register: Register,
        held: Signers,
        token: Token | None,
        random_bytes: RandomBytes,
    ) -> None:
        self._places, self._profile, self._register, self._token = places, profile, register, token
        self._held, self._random_bytes = held, random_bytes
        self._first = {keys.kid_of(signer.public_key): signer for _, signer in held.first()}
        self._leasing = threading.Lock()
        self._leases: dict[bytes, tuple[int, int]] = {}

    def take(
        self, use: KeyUse, *, at: UnixTime, vct: int | None = None, department: str | None = None, count: int = 1
    ) -> SigningKey:
        """The key that signs so many things of this use (and of this kind, for this department) now.

        Call it outside of any transaction, and `register.demand_signing` within the one that records the intent.

        Raises:
            KeyNotForKind: The kind is other departments'.
            DepartmentNeeded: Several departments issue this kind, and none was named.
            NoSigningKey: There is none that signs now and has room.
            KeyElsewhere: Its private half is not at hand.
        """
        with self._register.reading() as connection:
            found = [each for each in rows_of.read(connection, issuer_key.c.use == int(use)) if each.may_sign(at)]
            owners = frozenset[str]() if vct is None else departments.of_kind(connection, vct)
            running = departments.running(connection)
        if use is KeyUse.ASSERT:
            assert vct is not None, "an assertion key signs licences of a kind"
            if department is not None and department not in (owners or {department} - running):
                raise KeyNotForKind(f"{department} does not issue this kind")
            # What no department issues is the authority's, whoever of its people asks.
            found = self._of_department(found, owners, vct, department if owners else None)
        for each in found:
            if use is not KeyUse.ASSERT or self._lease(each.kid, count):
                return SigningKey(each.kid, self.signer(each.kid), each.department)
        what = "is full" if found else "signs now"
        raise NoSigningKey(f"{'every' if found else 'no'} key of the use {WORDS[use]} {what}")

    def department_of(self, licence_id: str, vct: int) -> str | None:
        """The department that signed this licence last, if it still issues this kind and others do, too."""
        with self._register.reading() as connection:
            owners = departments.of_kind(connection, vct)
            last = rows_of.department_of(connection, licence_id) if len(owners) > 1 else None
        return last if last in owners else None

    def departments_of(self, licence_ids: Sequence[str]) -> Mapping[str, str]:
        """The department that signed each of these licences last; empty for the authority's own key."""
        with self._register.reading() as connection:
            return rows_of.departments_of(connection, licence_ids)

    def make(self) -> VerificationKey:
        """A new key, in the token if there is one. It signs once the register says so."""
        return signers.add(
            self._places, self._held, alg=Alg.ED25519, random_bytes=self._random_bytes, token=self._token
        )

    def signer(self, kid: bytes) -> Signer:
        """The private half of this key. Raises: KeyElsewhere."""
        found = self._first.get(kid) or self._held.further.get(kid)
        if found is None:
            # Another process may have made it since.
            self._held = signers.with_added(self._places, self._held, token=self._token)
            found = self._held.further.get(kid)
        if found is None:
            raise KeyElsewhere("the private half of the key that signs now is not in keys.box")
        return found

    def anchors(self, use: KeyUse) -> Mapping[tuple[str, bytes], TrustAnchor]:
        """The keys of this use in the eyes of their own region, by whose certificates others come to it.

        A key that was banned or dropped is none of them.
        """
        found = (each for each in rows_of.all_keys(self._register) if each.use is use)
        return {
            (self._profile.iss, each.kid): TrustAnchor(self._profile.iss, each.key, use, frozenset(), (), *_ALWAYS)
            for each in found
            if each.banned_since is None and each.dropped_at is None
        }

    def _of_department(
        self, found: Sequence[KeyRecord], owners: frozenset[str], vct: int, department: str | None
    ) -> list[KeyRecord]:
        if department is None and len(owners) > 1:
            raise DepartmentNeeded(f"this kind is issued by {', '.join(sorted(owners))}")
        own = department or next(iter(owners), "")
        able = [each for each in found if each.kinds.has(vct)]
        # Until terminals know a new department's key, the authority's own signs for it; then that one has other kinds.
        return [each for each in able if each.department == own] or [each for each in able if not each.department]

    def _lease(self, kid: bytes, count: int) -> bool:
        """Whether the key may sign so many licences more."""
        with self._leasing:
            left, ahead = self._leases.get(kid, (0, 1))
            if left < count:
                wanted = max(count - left, ahead)
                with self._register.adding() as connection:
                    while not rows_of.give(connection, kid, wanted):
                        if wanted == count - left:
                            return False
                        wanted = count - left
                left, ahead = left + wanted, min(2 * wanted, LEASED)
            self._leases[kid] = left - count, ahead
        return True
