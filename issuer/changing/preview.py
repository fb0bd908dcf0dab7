"""Who would be affected by a legal change: licences, devices, mandates, paper codes; and where it does not apply."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from issuer.changing.selecting import chunks
from issuer.lifecycle import TRANSITIONS, LegalChange
from issuer.register import in_force
from issuer.register_schema import credential_group, licence, mandate, paper
from protocol import cbor
from protocol.status_list import Status
from protocol.unixtime import UnixTime


@dataclass(frozen=True, slots=True)
class Affected:
    """What a change reaches.

    Attributes:
        change: The change.
        licences: (id, status before) of each licence that it applies to, by id.
        refused: The same of those that it does not apply to, as they are.
        entries: Ids of the groups whose status entries it flips.
        devices: How many devices stop (or work again); a device counts once.
        mandates: Their ids.
        papers: Their ids.
    """

    change: LegalChange
    licences: tuple[tuple[str, Status], ...]
    refused: tuple[tuple[str, Status], ...]
    entries: tuple[int, ...]
    devices: int
    mandates: tuple[str, ...]
    papers: tuple[str, ...]

    @property
    def value(self) -> cbor.Value:
        """What a proposal binds: which licences in which state, and which entries."""
        return (
            self.change.value,
            tuple((each, int(status)) for each, status in self.licences),
            tuple((each, int(status)) for each, status in self.refused),
            self.entries,
        )


def affected(connection: Connection, ids: Sequence[str], change: LegalChange, *, at: UnixTime) -> Affected:
    """What this change of these licences would reach now."""
    states: dict[str, Status] = {}
    for part in chunks(ids):
        found = connection.execute(select(licence.c.id, licence.c.status).where(licence.c.id.in_(part)))
        states |= {row.id: Status(row.status) for row in found}
    applies = [each for each in sorted(states) if states[each] in TRANSITIONS[change]]
    entries: list[int] = []
    devices: set[bytes] = set()
    mandates: list[str] = []
    papers: list[str] = []
    for part in chunks(applies):
        groups = (
            select(
                credential_group.c.id,
                credential_group.c.holder_key_thumbprint,
                mandate.c.id.label("mandate"),
                paper.c.id.label("paper"),
            )
            .select_from(
                credential_group.outerjoin(mandate, mandate.c.group_id == credential_group.c.id).outerjoin(
                    paper, paper.c.group_id == credential_group.c.id
                )
            )
            .where(credential_group.c.licence_id.in_(part), in_force(at))
        )
        for row in connection.execute(groups):
            entries.append(row.id)
            if row.paper is not None:
                papers.append(row.paper)
            else:
                devices.add(row.holder_key_thumbprint)
            if row.mandate is not None:
                mandates.append(row.mandate)
    return Affected(
        change,
        tuple((each, states[each]) for each in applies),
        tuple((each, states[each]) for each in sorted(states) if each not in set(applies)),
        tuple(sorted(entries)),
        len(devices),
        tuple(sorted(mandates)),
        tuple(sorted(papers)),
    )
