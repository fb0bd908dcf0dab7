"""Vectors of what terminals and authorities sign: challenges, receipts, staff certificates, paper codes."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from liangzheng.vectors.folder import Format, Given
from protocol import challenge, labels, limits, paper, receipt, staff_certificate
from protocol.errors import Code
from protocol.labels import Alg, Purpose, TrustTier
from protocol.officers_act import ActKind
from protocol.qr import base45, envelope
from protocol.staff_certificate import Role, StaffUse
from protocol.unixtime import DAY, UnixTime
from tests.protocol import test_challenge, test_officers_act, test_paper, test_receipt, test_staff_certificate
from tests.utopia.kinds import DRIVING_LICENCE
from tests.utopia.world import World
from tests.vectors.vector import Vector

# Challenges and the certificates in them.


def challenges() -> Iterator[Vector]:
    request = test_challenge.REQUEST
    goods = {
        "of-a-window": ("name and vehicle classes of a driving licence", request),
        "for-all-that-is-allowed": (
            "everything that its certificate names",
            replace(request, wanted={DRIVING_LICENCE: frozenset({1, 2, 5, 7})}),
        ),
        "with-the-longest-reason": ("200 characters", replace(request, reason="因" * limits.MAX_REASON_CHARACTERS)),
    }
    for name, (notes, asked) in goods.items():
        encoded = challenge.build(asked, certificate=test_challenge.CERTIFICATE, signer=test_challenge.TERMINAL)
        yield _challenge(name, notes, encoded)
    for name, reason, change in test_challenge.FORGERIES:
        parts = test_challenge.sketch()
        change(parts)
        encoded = parts.encoded()
        if len(encoded) <= limits.MAX_CODE_BYTES:
            yield _challenge(name, "one field was changed, and both signed it again", encoded, reason.code)
    good = test_challenge.LC1
    yield _challenge("byte-more", "a byte after the challenge", good + b"\0", Code.E_CBOR)
    text = envelope.wrap(good, labels.PREFIX_CHALLENGE)
    yield Vector(Format.CHALLENGE, "challenge-prefix-lower-case", "lc1:", Given(("lc1:" + text[4:],)), Code.E_PREFIX)


def _challenge(name: str, notes: str, encoded: bytes, code: Code | None = None) -> Vector:
    given = Given((labels.PREFIX_CHALLENGE + base45.encode(encoded),))
    return Vector(Format.CHALLENGE, f"challenge-{name}", notes, given, code)


# Receipts.


def receipts() -> Iterator[Vector]:
    stated = test_receipt.RECEIPT
    goods = {
        "of-two-licences": ("one in each layout, in answer to a challenge", stated),
        "of-a-check": (
            "one licence, no challenge, to be checked",
            replace(
                stated,
                shown=(test_receipt.LICENCE_V,),
                tier=TrustTier.WARNING,
                codes=("W_STATUS_STALE",),
                challenge=None,
            ),
        ),
        "of-a-refusal": (
            "refused, at the roadside, with the code of a later version",
            replace(
                stated,
                purpose=Purpose.ROADSIDE,
                tier=TrustTier.CONTRAINDICATED,
                codes=("E_REVOKED", "E_OF_A_LATER_VERSION"),
                freshness=5,
            ),
        ),
    }
    for name, (notes, one) in goods.items():
        encoded = receipt.sign(one, certificate=test_receipt.CERTIFICATE, signer=test_receipt.TERMINAL)
        yield _receipt(name, notes, encoded)
    for name, reason, change in test_receipt.FORGERIES:
        parts = test_receipt.sketch()
        change(parts)
        yield _receipt(name, "one field was changed, and the terminal signed it again", parts.encoded(), reason.code)
    yield _receipt("byte-more", "a byte after the receipt", test_receipt.SIGNED + b"\0", Code.E_CBOR)
    too_long = test_receipt.SIGNED + bytes(limits.MAX_RECEIPT_BYTES)
    yield _receipt("too-long", "more than 8,192 bytes", too_long, Code.E_SIZE)


def _receipt(name: str, notes: str, encoded: bytes, code: Code | None = None) -> Vector:
    return Vector(Format.RECEIPT, f"receipt-{name}", notes, Given(content=encoded), code)


# Staff certificates.


def staff() -> Iterator[Vector]:
    good = test_staff_certificate.GOOD
    duty = frozenset({StaffUse.DUTY})
    goods = {
        "of-an-officer": ("signs on, and signs acts", good),
        "of-a-clerk": ("signs on, at a window", replace(good, role=Role.CLERK, uses=duty)),
        "of-a-supervisor": ("one day", replace(good, role=Role.SUPERVISOR, uses=duty, exp=UnixTime(good.nbf + DAY))),
    }
    region = test_staff_certificate.REGION
    for name, (notes, stated) in goods.items():
        yield _staff(name, notes, staff_certificate.certify(stated, region))
    for number, (claims, reason) in enumerate(test_staff_certificate.CLAIMS, start=1):
        (label,) = claims
        encoded = test_staff_certificate.forged(claims)
        yield _staff(f"claim-{label}-{number}", f"claim {label} was changed", encoded, reason.code)
    for number, (encoded, reason) in enumerate(test_staff_certificate.HEADERS, start=1):
        notes = "header or signer was changed, and signed again"
        yield _staff(f"header-{number}", notes, encoded, reason.code)
    whole = test_staff_certificate.CERTIFICATE
    terminal_key = staff_certificate.certify(good, test_challenge.REGION)
    yield _staff("byte-more", "a byte after the certificate", whole + b"\0", Code.E_CBOR)
    yield _staff("signature-bent", "one bit of the signature", whole[:-1] + bytes((whole[-1] ^ 1,)), Code.E_SIG_ISSUER)
    yield _staff("by-the-terminal-key", "a key that certifies machines", terminal_key, Code.E_ISSUER_UNKNOWN)
    yield _staff("a-terminal-s", "a terminal's certificate", test_challenge.CERTIFICATE, Code.E_TYP)


def _staff(name: str, notes: str, encoded: bytes, code: Code | None = None) -> Vector:
    return Vector(Format.STAFF_CERTIFICATE, f"staff-{name}", notes, Given(content=encoded), code)


# Officers' acts.


def acts_of_officers() -> Iterator[Vector]:
    good = test_officers_act.ACT
    goods = {
        "a-seizure": ("a licence is taken away", good),
        "a-note": ("a note, about a licence that was not asked for", replace(good, kind=ActKind.NOTE, challenge=None)),
        "ten-minutes-later": ("at the last moment", replace(good, checked_at=UnixTime(good.iat - 600))),
    }
    for name, (notes, stated) in goods.items():
        yield _act(name, notes, test_officers_act.signed(stated))
    for number, (claims, reason) in enumerate(test_officers_act.CLAIMS, start=1):
        label = next(iter(claims))
        encoded = test_officers_act.forged(claims)
        yield _act(f"claim-{label}-{number}", f"claim {label} was changed", encoded, reason.code)
    for name, certificate in test_officers_act.NO_OFFICERS.items():
        encoded = test_officers_act.forged(certificate=certificate)
        yield _act(name, "whose certificate does not let them sign acts", encoded, Code.E_SIG_ISSUER)
    whole = test_officers_act.signed()
    colleague = test_officers_act.forged(signer=test_staff_certificate.COLLEAGUE)
    yield _act("by-a-colleague", "another officer's key", colleague, Code.E_SIG_ISSUER)
    yield _act("signature-bent", "one bit of the signature", whole[:-1] + bytes((whole[-1] ^ 1,)), Code.E_SIG_ISSUER)
    yield _act("a-receipt-s-type", "the type of a receipt", test_officers_act.AS_RECEIPT, Code.E_TYP)


def _act(name: str, notes: str, encoded: bytes, code: Code | None = None) -> Vector:
    return Vector(Format.OFFICERS_ACT, f"act-{name}", notes, Given(content=encoded), code)


# Paper codes.


def papers(world: World) -> Iterator[Vector]:
    claims = test_paper.GOOD
    for alg in Alg:
        encoded = paper.issue(claims, test_paper.signer_of(world, alg))
        yield _paper(f"signed-with-{alg.name.lower()}", "180 days, a masked name, four digits", encoded)
    short = replace(claims, exp=UnixTime(claims.iat + DAY), masked_name="欧阳*")
    yield _paper("of-one-day", "another name and life", paper.issue(short, test_paper.signer_of(world)))
    numbers: Counter[int] = Counter()
    for label, reason, values in test_paper.CLAIMS:
        for value in values:
            numbers[label] += 1
            notes = f"claim {label} is missing" if value is ... else f"claim {label} is {value!r}"[:120]
            encoded = test_paper.resigned(world, payload={label: value})
            yield _paper(f"claim-{label}-{numbers[label]}", notes, encoded, reason.code)
    for typ in sorted(map(str, labels.TYPES - {labels.TYP_PAPER})):
        forged = test_paper.resigned(world, headers={labels.HDR_TYP: int(typ) if typ.isdecimal() else typ})
        yield _paper(f"typ-{typ.replace('/', '-').replace('+', '-')}", f"the type is {typ}", forged, Code.E_TYP)
    headers: dict[str, tuple[bytes, Code]] = {
        "without-typ": (test_paper.resigned(world, headers={labels.HDR_TYP: ...}), Code.E_TYP),
        "without-kid": (test_paper.resigned(world, headers={labels.HDR_KID: ...}), Code.E_HDR_UNKNOWN),
        "kid-of-7-bytes": (test_paper.resigned(world, headers={labels.HDR_KID: b"7 bytes"}), Code.E_SHAPE),
        "kid-unknown": (test_paper.resigned(world, headers={labels.HDR_KID: bytes(8)}), Code.E_ISSUER_UNKNOWN),
        "crit": (test_paper.resigned(world, headers={labels.HDR_CRIT: (4,)}), Code.E_HDR_UNKNOWN),
        "alg-unprotected": (test_paper.resigned(world, unprotected={labels.HDR_ALG: -19}), Code.E_HDR_UNPROT),
    }
    for name, (encoded, code) in headers.items():
        yield _paper(name, "one header was changed, and the authority signed it again", encoded, code)
    good = paper.issue(claims, test_paper.signer_of(world))
    foreign = paper.issue(claims, world.signer("stranger", Alg.ED25519))
    bent = good[:-1] + bytes((good[-1] ^ 1,))
    other_key = paper.issue(claims, world.issuers[claims.iss[:6], Alg.ED25519])
    yield _paper("byte-more", "a byte after the code", good + b"\0", Code.E_CBOR)
    yield _paper("byte-less", "the last byte is missing", good[:-1], Code.E_CBOR)
    yield _paper("without-tag", "the tag is missing", good[1:], Code.E_SHAPE)
    yield _paper("signature-bent", "one bit of the signature", bent, Code.E_SIG_ISSUER)
    yield _paper("by-a-stranger", "a key that nobody trusts", foreign, Code.E_ISSUER_UNKNOWN)
    yield _paper("by-an-assertion-key", "a key that signs credentials signs no paper", other_key, Code.E_ISSUER_UNKNOWN)
    text = paper.text(good)
    for name, forged_text, code in (
        ("prefix-of-a-presentation", "LZ1:" + text[4:], Code.E_PREFIX),
        ("newline-after", text + "\n", Code.E_B45),
    ):
        yield Vector(Format.PAPER, f"paper-{name}", "the text was changed", Given((forged_text,)), code)


def _paper(name: str, notes: str, encoded: bytes, code: Code | None = None) -> Vector:
    given = Given((labels.PREFIX_PAPER + base45.encode(encoded),))
    return Vector(Format.PAPER, f"paper-{name}", notes, given, code)
