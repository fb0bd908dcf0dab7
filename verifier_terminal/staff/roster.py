"""The people of one terminal: whose key files it can reach, how their certificates stand, and every change of that.

Guaranteed: a certificate is installed only when it is good here and now; each change is a row of the journal, which
names staff numbers. Not handled here: who is on duty (`shift`), and who may change this: whoever may write the
terminal's directory.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from protocol import cbor, staff_certificate
from protocol.errors import ProtocolError
from protocol.keys import VerificationKey
from protocol.staff_certificate import StaffCertificate
from protocol.unixtime import UnixTime
from verifier_terminal.appraisal.context import Knowledge
from verifier_terminal.passphrase import Cost
from verifier_terminal.staff import checking, key_file
from verifier_terminal.staff.checking import Place, StaffStanding, StaffTrouble
from verifier_terminal.staff.errors import StaffCertificateRefused, StaffKeyDamaged, StaffUnknown
from verifier_terminal.staff.files import StaffFiles
from verifier_terminal.staff.key_file import KeyFile
from verifier_terminal.staff.settings import StaffSettings
from verifier_terminal.store.journal import Payload

GOOD: Final = "good"
DAMAGED: Final = "damaged"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who has a key file. `state` is one word: good, damaged, or one of `StaffTrouble`."""

    number: str
    name: str
    role: str
    state: str
    until: UnixTime | None


class Roster:
    """The people of one terminal."""

    def __init__(
        self,
        files: StaffFiles | None,
        *,
        append: Callable[[Payload], None],
        now: Callable[[], UnixTime],
        knowledge: Callable[[], Knowledge | None],
        place: Callable[[], Place],
    ) -> None:
        """Nothing is read yet. The arguments are those of a `Shift`."""
        self._given = files
        self._append, self._now, self._knowledge, self._place = append, now, knowledge, place
        self.settings = files.settings if files is not None else StaffSettings()

    def numbers(self) -> tuple[str, ...]:
        """The staff numbers that have a key file here or on a stick."""
        return self._given.numbers() if self._given is not None else ()

    def people(self) -> tuple[Person, ...]:
        """Everybody who has a key file, and whether they may sign on now."""
        return tuple(self._person(number) for number in self.numbers())

    def standing(self, number: str) -> tuple[KeyFile, StaffStanding]:
        """This person's file, and how its certificate stands here and now. Raises: StaffUnknown, StaffKeyDamaged."""
        held = self._files.read(number)
        return held, self.checked(held.certificate, number=number, key=held.public_key)

    def checked(self, encoded: bytes | None, *, number: str, key: VerificationKey) -> StaffStanding:
        """How a certificate of this person stands here and now."""
        knowledge = self._knowledge()
        return checking.check(
            encoded,
            number=number,
            key=key,
            place=self._place(),
            trust=knowledge.trust if knowledge else None,
            bans=knowledge.bans if knowledge else {},
            at=self._now(),
        )

    def add(
        self, number: str, passphrase: str, *, cost: Cost, random_bytes: Callable[[int], bytes], to: Path | None = None
    ) -> tuple[KeyFile, Path]:
        """Makes a key for this person, here or in this folder.

        Raises:
            PassphraseTooShort, StaffTaken, StaffKeyDamaged: No key was made.
            OutOfOrder: The key is there, and no row says so.
        """
        made = key_file.create(number, passphrase, cost=cost, random_bytes=random_bytes)
        path = self._files.add(made, to=to)
        self._append({"event": "staff_key", "number": number, "what": "added", "at": self._now()})
        return made, path

    def install(self, encoded: bytes) -> StaffCertificate:
        """Installs a certificate for the person whom it names.

        Raises:
            StaffCertificateRefused: It is not good here and now; what was installed before stays.
            StaffUnknown, StaffKeyDamaged: There is no key that it could be for.
            OutOfOrder: It is installed, and no row says so.
        """
        try:
            number = staff_certificate.parse(cbor.decode(encoded)).claims.number
        except ProtocolError:
            trouble = StaffTrouble.UNREADABLE
            raise StaffCertificateRefused(checking.WORDS[trouble], trouble=str(trouble)) from None
        held = self._files.read(number)
        claims = require_good(self.checked(encoded, number=number, key=held.public_key))
        self._files.install(held.with_certificate(encoded))
        row = {"event": "staff_key", "number": number, "what": "certified", "until": claims.exp, "at": self._now()}
        self._append(row)
        return claims

    def remove(self, number: str) -> Path:
        """Removes a person's key for good, and says where it was. Raises: StaffUnknown, StaffKeyDamaged, OutOfOrder."""
        path = self._files.remove(number)
        self._append({"event": "staff_key", "number": number, "what": "removed", "at": self._now()})
        return path

    def change_settings(self, settings: StaffSettings) -> None:
        """Sets how staff sign on, for whoever opens the terminal next.

        Raises:
            StaffSettingsUnusable: They mean nothing, or cannot be written; the old ones stay.
            OutOfOrder: They are set, and no row says so.
        """
        self._files.save_settings(settings)
        row = {**asdict(settings), "sticks": len(settings.sticks)}
        self._append({"event": "staff_settings", **row, "at": self._now()})

    @property
    def _files(self) -> StaffFiles:
        if self._given is None:
            raise StaffUnknown
        return self._given

    def _person(self, number: str) -> Person:
        try:
            _, standing = self.standing(number)
        except (StaffKeyDamaged, StaffUnknown):
            return Person(number, "", "", DAMAGED, None)
        claims = standing.certificate
        state = GOOD if standing.trouble is None else str(standing.trouble)
        if claims is None:
            return Person(number, "", "", state, None)
        return Person(number, claims.name, str(claims.role), state, claims.exp)


def require_good(standing: StaffStanding) -> StaffCertificate:
    """What a good certificate says.

    Raises:
        StaffCertificateRefused: It is none.
    """
    if standing.trouble is None and standing.certificate is not None:
        return standing.certificate
    trouble = standing.trouble or StaffTrouble.MISSING
    raise StaffCertificateRefused(checking.WORDS[trouble], trouble=str(trouble))
