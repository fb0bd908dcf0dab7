"""The register's rows of licences that are held together: a legal change of one is a change of all."""

from collections.abc import Collection

from sqlalchemy import Connection, insert, select

from issuer.joint.schema import joint_licence
from issuer.register import demand_valid

_AT_ONCE = 500


def link(connection: Connection, licence_id: str, *, joint_id: str, place: int) -> None:
    """Write down whose licence this is, in the transaction of its intent. Raises: LicenceNotValid.

    What was suspended or ended between the first holder's licence and this one gets no further holder.
    """
    if licence_id != joint_id:
        demand_valid(connection, joint_id)
    connection.execute(insert(joint_licence).values(licence_id=licence_id, joint_id=joint_id, place=place))


def together(connection: Connection, licence_id: str) -> tuple[str, ...]:
    """The licences of all holders, in their order; of a licence of one holder that one alone."""
    joint_id = select(joint_licence.c.joint_id).where(joint_licence.c.licence_id == licence_id).scalar_subquery()
    statement = (
        select(joint_licence.c.licence_id).where(joint_licence.c.joint_id == joint_id).order_by(joint_licence.c.place)
    )
    return tuple(connection.execute(statement).scalars()) or (licence_id,)


def with_others(connection: Connection, ids: Collection[str]) -> tuple[str, ...]:
    """These licences, each once, and those that are held together with them."""
    ordered, found = list(dict.fromkeys(ids)), dict[str, None]()
    for start in range(0, len(ordered), _AT_ONCE):
        some = ordered[start : start + _AT_ONCE]
        joint_ids = select(joint_licence.c.joint_id).where(joint_licence.c.licence_id.in_(some))
        rows = connection.execute(
            select(joint_licence.c.licence_id)
            .where(joint_licence.c.joint_id.in_(joint_ids))
            .order_by(joint_licence.c.joint_id, joint_licence.c.place)
        )
        found |= dict.fromkeys((*some, *rows.scalars()))
    return tuple(found)
