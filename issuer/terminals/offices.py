"""Offices: where people go to have licences renewed or set right, as the signed directory tells wallets."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlalchemy import delete, insert, select
from sqlalchemy.exc import IntegrityError

from issuer.audit import trail
from issuer.errors import OfficeRefused, OfficeUnknown
from issuer.register import Register
from issuer.terminals.schema import office
from protocol import cwt, limits
from protocol.directory import Office
from protocol.errors import SchemaError
from protocol.licence.catalogue import Kind
from protocol.place import Place
from protocol.unixtime import UnixTime


@dataclass(frozen=True, slots=True)
class OfficeRecord:
    """One office, and who listed it when."""

    office: Office
    actor: str
    at: UnixTime


class Offices:
    """The offices of one authority. Names are unique: a second one would not be found apart."""

    def __init__(
        self, *, register: Register, kinds: Mapping[int, Kind], publish_change: Callable[[UnixTime], None]
    ) -> None:
        self._register, self._kinds, self._publish_change = register, kinds, publish_change

    def add(
        self,
        *,
        name: str,
        address: str,
        phone: str,
        kinds: frozenset[str],
        place: str = "",
        actor: str,
        at: UnixTime,
    ) -> Office:
        """List an office for these kinds (all of the catalogue if none is named), and publish that.

        Args:
            name: Once in the region.
            address: As people write it.
            phone: As people write it.
            kinds: Slugs.
            place: `310115` or `310115@31.2304,121.4737` (`protocol.place`); empty: wallets cannot tell how near it is.
            actor: Who lists it.
            at: Now.

        Raises:
            OfficeRefused: A text or the place is not in its form, a kind is unknown, or the name is listed.
            RegisterUnavailable: Nothing was recorded.
            PublishingFailed: It is recorded and not published yet.
        """
        for what, text in (("name", name), ("address", address), ("telephone", phone)):
            if not 0 < len(text) <= limits.MAX_SHOWN_NAME or text != text.strip() or not cwt.text_is_harmless(text):
                raise OfficeRefused(
                    f"the office's {what} is empty, longer than {limits.MAX_SHOWN_NAME} or no plain text"
                )
        by_slug = {kind.slug: kind.vct for kind in self._kinds.values()}
        unknown = sorted(kinds - by_slug.keys())
        if unknown:
            raise OfficeRefused(f"no kind is called {', '.join(unknown)}")
        try:
            where = Place.read(place) if place else None
        except SchemaError as error:
            raise OfficeRefused(f"the office's place is {error}") from None
        served = frozenset(by_slug[slug] for slug in kinds or by_slug.keys())
        listed = Office(name, address, phone, served, where)
        values = {
            "name": name,
            "address": address,
            "phone": phone,
            "kinds": " ".join(str(vct) for vct in sorted(listed.kinds)),
            "actor": actor,
            "at": at,
            "place": None if where is None else str(where),
        }
        with self._register.writing() as connection:
            try:
                with connection.begin_nested():
                    connection.execute(insert(office).values(values))
            except IntegrityError:
                raise OfficeRefused(f"an office is listed as {name}") from None
            trail.append(connection, "add-office", "office", name, actor=actor, at=at)
        self._publish_change(at)
        return listed

    def remove(self, name: str, *, actor: str, at: UnixTime) -> None:
        """Take an office off the list, and publish that.

        Raises:
            OfficeUnknown, RegisterUnavailable: Nothing was changed.
            PublishingFailed: It is off the list and that is not published yet.
        """
        with self._register.writing() as connection:
            if connection.execute(delete(office).where(office.c.name == name)).rowcount != 1:
                raise OfficeUnknown("no office is listed under this name")
            trail.append(connection, "remove-office", "office", name, actor=actor, at=at)
        self._publish_change(at)

    def listed(self, *, search: str = "") -> tuple[OfficeRecord, ...]:
        """The offices by name whose name or address contains this text. Raises: RegisterUnavailable."""
        return tuple(
            record
            for record in offices(self._register)
            if search in record.office.name or search in record.office.address
        )


def offices(register: Register) -> tuple[OfficeRecord, ...]:
    """Every office, by name. Raises: RegisterUnavailable."""
    with register.reading() as connection:
        return tuple(
            OfficeRecord(
                Office(
                    row.name,
                    row.address,
                    row.phone,
                    frozenset(map(int, row.kinds.split())),
                    None if row.place is None else Place.read(row.place),
                ),
                row.actor,
                UnixTime(row.at),
            )
            for row in connection.execute(select(office).order_by(office.c.name))
        )
