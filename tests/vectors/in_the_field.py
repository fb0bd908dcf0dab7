"""Vectors of what a terminal and its operator say to each other: enrolment codes, requests, renewals, rows."""

from collections.abc import Iterator
from dataclasses import replace

from liangzheng.vectors.folder import Format, Given
from protocol import enrolment, heartbeat, limits, renewal
from protocol.errors import Code
from protocol.unixtime import DAY, UnixTime
from tests.protocol import test_enrolment, test_heartbeat, test_receipt, test_terminal_row
from tests.utopia.world import World
from tests.vectors.vector import Vector, signer


def enrolments(world: World) -> Iterator[Vector]:
    """Codes and requests."""
    invitation = test_enrolment.INVITATION
    yield _code("good", "https, a folder, no slash at its end", enrolment.encode(invitation))
    by_address = replace(invitation, url="http://[::1]:8310")
    yield _code("by-address", "http, an address of version 6 and a port", enrolment.encode(by_address))
    longest = replace(invitation, url="https://" + "a" * 127 + "/a" * 32 + "a")
    yield _code("longest", "200 characters of address", enrolment.encode(longest))
    several = enrolment.encode(test_enrolment.WITH_REPOSITORY)
    yield _code("several-regions", "with a repository of trust and the home region in it", several)
    for name, text, reason in test_enrolment.CODES:
        yield _code(name, "one field was changed", text, reason.code)
    for number, url in enumerate(test_enrolment.NO_ADDRESSES, start=1):
        notes = "an address that is none, or not in its form"
        yield _code(f"address-{number}", notes, test_enrolment.code(_1=url), Code.E_SCHEMA)
    made = enrolment.request(test_enrolment.TOKEN, test_receipt.TERMINAL)
    yield _request("good", "the token of the good code, and the key of the other vectors' terminal", made)
    other = enrolment.request(test_enrolment.TOKEN, signer(world, "holder-esp256"))
    yield _request("esp256", "the same token, and a key of the other algorithm", other)
    another_token = enrolment.request(bytes(16), test_receipt.TERMINAL)
    yield _request("another-token", "the first key with a token of zeros", another_token)
    yield _request("byte-more", "a byte after the request", made + b"\0", Code.E_CBOR)
    for name, encoded, request_reason in test_enrolment.REQUESTS:
        yield _request(name, "one field was changed, and the key signed it again", encoded, request_reason.code)


def rows() -> Iterator[Vector]:
    """Rows and renewals."""
    good = test_terminal_row.ROW
    beat = replace(good, kind=heartbeat.KIND, body=heartbeat.encode(test_heartbeat.BEAT))
    yield _row("good", "an officer's act, whose body is empty here", test_terminal_row.signed())
    yield _row("heartbeat", "a heartbeat", test_terminal_row.signed(beat))
    report = replace(good, kind="problem-report", key=bytes(32), body=b"\1" * limits.MAX_ROW_BODY_BYTES)
    yield _row("longest", "a body of 16,384 bytes", test_terminal_row.signed(report))
    yield _row("byte-more", "a byte after the row", test_terminal_row.signed() + b"\0", Code.E_CBOR)
    yield _row("too-long", "more than 20,480 bytes", bytes(limits.MAX_ROW_BYTES + 1), Code.E_SIZE)
    for name, claims, reason in test_terminal_row.CLAIMS:
        notes = "one claim was changed, and the terminal signed it again"
        yield _row(name, notes, test_terminal_row.forged(claims), reason.code)
    for name, header, reason in test_terminal_row.HEADERS:
        notes = "one header was changed, and the terminal signed it again"
        yield _row(name, notes, test_terminal_row.forged(header=header), reason.code)
    by_another = test_terminal_row.forged(signer=test_receipt.STRANGER)
    yield _row("by-another-key", "signed by a key that is not the certified one", by_another, Code.E_SIG_ISSUER)
    wanted = renewal.sign(certificate=test_receipt.CERTIFICATE, signer=test_receipt.TERMINAL, at=test_receipt.AT)
    yield _renewal("good", "asked for at the moment of the other vectors", wanted)
    ended = UnixTime(test_receipt.CERTIFIED.exp + DAY)
    for name, moment in (("after-its-end", ended), ("before-its-beginning", UnixTime(0))):
        late = renewal.sign(certificate=test_receipt.CERTIFICATE, signer=test_receipt.TERMINAL, at=moment)
        yield _renewal(name, "whether the certificate runs is the region's next question", late)
    yield _renewal("a-row", "a row of the same terminal", test_terminal_row.signed(), Code.E_TYP)
    yield _renewal("too-long", "more than 2,048 bytes", bytes(limits.MAX_RENEWAL_BYTES + 1), Code.E_SIZE)
    yield _renewal(
        "signature-bent", "one bit of the signature", wanted[:-1] + bytes((wanted[-1] ^ 1,)), Code.E_SIG_ISSUER
    )
    yield _renewal("byte-more", "a byte after the request", wanted + b"\0", Code.E_CBOR)
    for name, content, reason in test_terminal_row.RENEWALS:
        notes = "one claim was changed, and the terminal signed it again"
        yield _renewal(name, notes, test_terminal_row.renewal_of(content), reason.code)


def _code(name: str, notes: str, text: str, code: Code | None = None) -> Vector:
    return Vector(Format.ENROLMENT, f"enrolment-{name}", notes, Given((text,)), code)


def _request(name: str, notes: str, encoded: bytes, code: Code | None = None) -> Vector:
    return Vector(Format.ENROLMENT_REQUEST, f"enrolment-request-{name}", notes, Given(content=encoded), code)


def _row(name: str, notes: str, encoded: bytes, code: Code | None = None) -> Vector:
    return Vector(Format.TERMINAL_ROW, f"row-{name}", notes, Given(content=encoded), code)


def _renewal(name: str, notes: str, encoded: bytes, code: Code | None = None) -> Vector:
    return Vector(Format.RENEWAL, f"renewal-{name}", notes, Given(content=encoded), code)
