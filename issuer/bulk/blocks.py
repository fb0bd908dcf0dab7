"""Takes the rows of one block into the register: check, record, and sign where a row names a device key.

Steps: 1 every row is checked · 2 one transaction claims the keys of the good rows, so that nobody records them a second
time, records the licences that no device waits for, and names every credential that is about to be signed, and by which
key · 3 that key signs · 4 one transaction records those licences with their results. A block without device keys is
finished by step 2. Whoever goes on with a block that was interrupted after step 2 signs what was named there, under the
same entries and `sub`s, and nothing else: so there is no duplicate and no hole, and no signature that the register does
not know of (boulder's rule). Nobody was given what an interrupted worker had signed, for it is handed out from the
register only.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Final

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from issuer import draws, issuance, packages
from issuer.allocation import Allocator, LeasedEntries
from issuer.audit import trail
from issuer.bulk import adding, claiming, jobs, row_problems, spool
from issuer.bulk.adding import Signed
from issuer.bulk.checking import Accepted, Checker, Refused
from issuer.bulk.jobs import Counts, Taken
from issuer.bulk.spool import Block
from issuer.devices import notices
from issuer.devices.notices import Bound, DeviceEvent
from issuer.draws import RandomBytes
from issuer.errors import IndexGivenTwice, Problem
from issuer.issuance import Issuance
from issuer.keys import register as rows_of_keys
from issuer.keys.ring import KeyRing, SigningKey
from issuer.profile import Profile
from issuer.register import Allocation, LicenceRecord, Register, StatusEntry
from protocol import limits
from protocol.keys import VerificationKey
from protocol.labels import KeyAssurance, KeyUse
from protocol.licence.catalogue import Kind
from protocol.licence_package import LicencePackage
from protocol.unixtime import UnixTime

REPEATED: Final = Problem(
    "(row)", "this licence is in the register already, or stands twice in the file", "each licence once", ""
)
_LEASED: Final = 64
"""Entries of each open list that a worker holds: of 16 lists, a block's worth."""
_ATTEMPTS: Final = 3


@dataclass(frozen=True, slots=True)
class _Intended:
    """One licence that will be signed: the row that it comes from, and what was reserved for it."""

    row: int
    key: bytes
    licence_id: str
    entry: StatusEntry
    subs: tuple[str, ...]


class BlockWorker:
    """Finishes blocks of one import. Not shared by threads."""

    def __init__(
        self,
        *,
        import_id: str,
        runner: str,
        actor: str,
        department: str | None,
        kind: Kind,
        checker: Checker,
        spool_path: Path,
        profile: Profile,
        register: Register,
        allocator: Allocator,
        issuance: Issuance,
        ring: KeyRing,
        root: VerificationKey,
        random_bytes: RandomBytes,
        at: UnixTime,
    ) -> None:
        self._import_id, self._runner, self._actor, self._department = import_id, runner, actor, department
        self._kind, self._checker, self._spool = kind, checker, spool_path
        self._profile, self._register, self._issuance, self._ring = profile, register, issuance, ring
        self._root, self._random_bytes, self._at = root, random_bytes, at
        self._leased = LeasedEntries(allocator, register, each=_LEASED)

    def block(self, taken: Taken) -> None:
        """Finish one block. Raises: whatever stops the whole import; the next run finishes the block then."""
        rows = spool.read(self._spool, taken.block)
        if taken.intent is None:
            checked = [self._checker.check(row) for row in rows]
            key = self._key(sum(isinstance(each, Accepted) and each.holder_key is not None for each in checked))
            intended = self._record(taken.block, checked, key)
        else:
            kid, intended = _decoded(taken.intent)
            wanted = {each.row for each in intended}
            checked = [self._checker.check(row) for row in rows if row.number in wanted]
            key = self._key(len(intended))
            if key is not None and key.kid != kid:
                # The one that was named has been retired meanwhile.
                self._intend_again(taken.block, key, intended)
        if intended:
            assert key is not None, "a key was taken for what is intended"
            self._sign(taken.block, key, intended, checked)

    def _key(self, count: int) -> SigningKey | None:
        if count == 0:
            return None
        return self._ring.take(KeyUse.ASSERT, vct=self._kind.vct, department=self._department, count=count, at=self._at)

    def _record(
        self, block: Block, checked: Sequence[Accepted | Refused], key: SigningKey | None
    ) -> Sequence[_Intended]:
        """Step 2. Returns what is to be signed."""
        accepted = [each for each in checked if isinstance(each, Accepted)]
        refused = [each for each in checked if isinstance(each, Refused)]
        records = {each.row: self._record_of(each) for each in accepted}
        layouts = 1 + len(self._kind.views)
        reserved = {
            each.row: (self._leased.take(issuance.ends(self._kind, each.checked, self._at)), self._subs(layouts))
            for each in accepted
            if each.holder_key is not None
        }
        with self._register.adding() as connection:
            jobs.demand_runner(connection, self._import_id, self._runner)
            ids = {row: record.id for row, record in records.items()}
            fresh = claiming.claim(connection, accepted, ids, self._kind.vct)
            alone = [records[each.row] for each in fresh if each.holder_key is None]
            intended = [
                _Intended(each.row, each.key, ids[each.row], *reserved[each.row])
                for each in fresh
                if each.holder_key is not None
            ]
            adding.add_licences(connection, alone)
            claimed = {each.row for each in fresh}
            repeated = [Refused(each.row, (REPEATED,)) for each in accepted if each.row not in claimed]
            self._write_problems(connection, block, [*refused, *repeated])
            self._append(connection, "import-record", block, alone)
            counts = Counts(recorded=len(alone), repeated=len(repeated), refused=len(refused))
            if intended:
                self._intend(connection, block, key, intended, counts)
            else:
                jobs.finish_block(connection, self._import_id, block, counts)
        return intended

    def _intend(
        self,
        connection: Connection,
        block: Block,
        key: SigningKey | None,
        intended: Sequence[_Intended],
        counts: Counts,
    ) -> None:
        assert key is not None, "a key was taken for what is intended"
        rows_of_keys.demand_signing(connection, key.kid, at=self._at)
        jobs.intend(connection, self._import_id, block, _encoded(key.kid, intended), counts)

    def _intend_again(self, block: Block, key: SigningKey, intended: Sequence[_Intended]) -> None:
        with self._register.adding() as connection:
            jobs.demand_runner(connection, self._import_id, self._runner)
            self._intend(connection, block, key, intended, Counts())

    def _sign(
        self, block: Block, key: SigningKey, intended: Sequence[_Intended], checked: Sequence[Accepted | Refused]
    ) -> None:
        """Steps 3 and 4."""
        by_row = {each.row: each for each in checked}
        # A licence may have ended since it was intended.
        over = [found for each in intended if isinstance(found := by_row[each.row], Refused)]
        for _ in range(_ATTEMPTS):
            good = [(each, found) for each in intended if isinstance(found := by_row[each.row], Accepted)]
            signed = [self._signed(key, each, found) for each, found in good]
            records = [replace(self._record_of(found), id=each.licence_id) for each, found in good]
            with self._register.adding() as connection:
                jobs.demand_runner(connection, self._import_id, self._runner)
                try:
                    with connection.begin_nested():
                        adding.add_licences(connection, records)
                        adding.add_groups(connection, signed, at=self._at)
                except IntegrityError:
                    # Somebody else has a `sub` that was drawn here: once in a million blocks of a large register.
                    intended = [replace(each, subs=self._subs(len(each.subs))) for each in intended]
                    self._intend(connection, block, key, intended, Counts())
                    continue
                claiming.release(connection, [each.key for each in intended if by_row[each.row] in over])
                self._write_problems(connection, block, over)
                self._append(connection, "import-issue", block, records)
                counts = Counts(recorded=len(good), issued=len(good), refused=len(over))
                jobs.finish_block(connection, self._import_id, block, counts)
                numbers = {each.id: each.holder_number for each in records}
                bound = [
                    Bound(each.licence_id, numbers[each.licence_id], each.holder_key_thumbprint) for each in signed
                ]
                notices.tell(connection, DeviceEvent.BOUND, bound, at=self._at)
            return
        raise IndexGivenTwice("entries that were reserved for this import are another group's already")

    def _signed(self, key: SigningKey, intended: _Intended, row: Accepted) -> Signed:
        assert row.holder_key is not None, "it was intended for a device"
        draft = self._issuance.draft(self._kind, row.checked, row.holder_key, KeyAssurance.SOFTWARE, self._at)
        allocation = Allocation(0, intended.entry, intended.subs)
        credentials = issuance.sign(draft, allocation, profile=self._profile, key=key)
        package = LicencePackage(intended.licence_id, credentials, None, None, b"", self._root)
        return Signed(
            licence_id=intended.licence_id,
            entry=intended.entry,
            holder_key_thumbprint=row.holder_key.thumbprint,
            exp=draft.exp,
            subs=intended.subs,
            layouts=tuple(draft.layouts),
            digests=tuple(sha256(each).digest() for each in credentials),
            package=packages.bare(package),
            # Nobody has a secret that opens it: the holder's device asks for it with its key.
            secret_sha256=self._random_bytes(32),
            kid=key.kid,
        )

    def _record_of(self, row: Accepted) -> LicenceRecord:
        return self._issuance.record_of(self._kind, row.written, row.checked, at=self._at)

    def _subs(self, count: int) -> tuple[str, ...]:
        return tuple(draws.text(self._random_bytes, limits.SUB_CHARACTERS) for _ in range(count))

    def _write_problems(self, connection: Connection, block: Block, refused: Sequence[Refused]) -> None:
        stated = [problem for each in refused for problem in self._checker.stated(each)]
        row_problems.record(connection, self._import_id, block.number, stated)

    def _append(self, connection: Connection, act: str, block: Block, records: Sequence[LicenceRecord]) -> None:
        """One act for the whole block; its details are which licences."""
        if records:
            details = {"block": block.number, "licences": tuple(record.id for record in records)}
            trail.append(connection, act, "import", self._import_id, actor=self._actor, at=self._at, details=details)


def _encoded(kid: bytes, intended: Sequence[_Intended]) -> str:
    rows = [
        (each.row, each.key.hex(), each.licence_id, each.entry.list_number, each.entry.idx, each.subs)
        for each in intended
    ]
    return json.dumps((kid.hex(), rows))


def _decoded(intent: str) -> tuple[bytes, Sequence[_Intended]]:
    kid, rows = json.loads(intent)
    return bytes.fromhex(kid), [
        _Intended(row, bytes.fromhex(key), licence_id, StatusEntry(list_number, idx), tuple(subs))
        for row, key, licence_id, list_number, idx, subs in rows
    ]
