"""A region that certifies staff, and people with key files at its terminals: what tests of signing on start from."""

from dataclasses import replace
from functools import cache

from protocol import staff_certificate, trust_list
from protocol.keys import Signer
from protocol.labels import Alg, KeyUse
from protocol.staff_certificate import Role, StaffCertificate, StaffUse
from protocol.trust_list import TrustAnchor, TrustList
from protocol.unixtime import DAY, HOUR, UnixTime
from tests.terminal import asking_world
from tests.terminal.conftest import Terminal
from tests.terminal.publishing import publish
from tests.utopia.randomness import Drbg
from tests.utopia.world import BEGINNING, WUYOU, World
from verifier_terminal.passphrase import Cost
from verifier_terminal.session import Session
from verifier_terminal.staff import key_file
from verifier_terminal.staff.files import StaffFiles
from verifier_terminal.staff.key_file import KeyFile
from verifier_terminal.staff.settings import StaffSettings
from verifier_terminal.sync.mirror import FolderMirror

QUICK = Cost(passes=1, memory_kib=8, lanes=1)
"""Tests make many guesses; what a real one costs is one test's matter."""
PASSPHRASE = "correct horse 电池"
CLERK, COLLEAGUE = "0417", "0418"
RELYING_PARTY = "乌有市车管所"


def region_key(world: World) -> Signer:
    """The key by which the region certifies its staff."""
    return world.signer("staff key of the region", Alg.ED25519)


def anchor(world: World) -> TrustAnchor:
    """What the trust list says of it."""
    later = UnixTime(BEGINNING + 4_000 * DAY)
    return TrustAnchor(world.iss(), region_key(world).public_key, KeyUse.STAFF, frozenset(), (), later, later)


@cache
def new_key(number: str) -> KeyFile:
    """A key file without a certificate."""
    return key_file.create(number, PASSPHRASE, cost=QUICK, random_bytes=Drbg(f"staff {number}"))


def claims(world: World, held: KeyFile, **changes: object) -> StaffCertificate:
    """What the region says of this person: a clerk, from an hour ago on."""
    stated = StaffCertificate(
        iss=world.iss(),
        number=held.number,
        name=f"演示员{held.number}",
        role=Role.CLERK,
        relying_party=RELYING_PARTY,
        uses=frozenset({StaffUse.DUTY}),
        key=held.public_key,
        nbf=UnixTime(world.clock.at - HOUR),
        exp=UnixTime(world.clock.at - HOUR + 7 * DAY),
    )
    return replace(stated, **changes)  # type: ignore[arg-type]  # each its own field


def certified_key(world: World, number: str, /, *, signer: Signer | None = None, **changes: object) -> KeyFile:
    """A key file with its certificate."""
    held = new_key(number)
    return held.with_certificate(staff_certificate.certify(claims(world, held, **changes), signer or region_key(world)))


def publish_with_staff(
    terminal: Terminal, *, seq: int = 1, withdrawn: frozenset[bytes] = frozenset(), **changes: object
) -> FolderMirror:
    """As `publish`, with a trust list that has the region's keys for terminals and for staff."""
    publish(terminal.world, terminal.published, seq=seq, **changes)  # type: ignore[arg-type]  # each its own field
    (terminal.published / "trust.cbor").write_bytes(trust_bytes(terminal.world, seq=seq, withdrawn=withdrawn))
    return FolderMirror(terminal.published)


def trust_bytes(world: World, *, seq: int = 1, withdrawn: frozenset[bytes] = frozenset()) -> bytes:
    """The trust list with both keys, and whoever was withdrawn."""
    at = world.clock.at
    anchors = trust_list.index((*world.anchors(), asking_world.anchor(world), anchor(world)))
    stated = TrustList(WUYOU, seq, UnixTime(at - HOUR), UnixTime(at + 30 * DAY), anchors, withdrawn)
    return trust_list.sign(stated, world.roots[WUYOU])


def staffed(terminal: Terminal, settings: StaffSettings | None = None, *people: KeyFile, **changes: object) -> Session:
    """A session at a terminal where these people have keys; the clerk and a colleague if nobody is named."""
    world = terminal.world
    terminal.staff = StaffFiles(terminal.directory, settings or StaffSettings(required=True))
    for held in people or (certified_key(world, CLERK), certified_key(world, COLLEAGUE)):
        if held.number not in terminal.staff.numbers():
            terminal.staff.add(held)
    session = terminal.open()
    assert not session.sync(publish_with_staff(terminal, **changes)).refused  # type: ignore[arg-type]  # each its own field
    return session
