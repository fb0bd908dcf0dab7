"""A bundle `LB1`: two to four presentations of one act, with one consent, one aud and one cnonce.

lb1 = [2*4 lz1-kbt] (CONTRACTS.md, CDDL). Guaranteed for `parse`: each member is a well-formed presentation, all name
the same audience and answer the same challenge, and no two are the same. Each is then verified by itself, with a trust
look-up, moments, status and a replay key of its own (`Presentation.replay_key`).

Not handled here: what follows where the members are not about one person. `link` says whether they are; the appraisal
gives W_BUNDLE_UNLINKED unless policy waives it, W_HOLDERS_MISSING where `count_holders` says fewer than policy demands,
and never lets one member's portrait vouch for another.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import ClassVar, Final

from protocol import cbor, labels, limits
from protocol.errors import Code, ProtocolError, ShapeError, SizeError
from protocol.labels import HolderKind, Lic
from protocol.qr import envelope
from protocol.sd_cwt import key_binding
from protocol.sd_cwt.key_binding import Presentation, UnverifiedPresentation
from protocol.sd_cwt.known import NOTHING_KNOWN, KnownCredentials


class BundleAudiencesDiffer(ProtocolError):
    """The presentations of a bundle are meant for different audiences: there was no one consent."""

    code: ClassVar[Code] = Code.E_AUD


class BundleNoncesDiffer(ProtocolError):
    """The presentations of a bundle answer different challenges, or only some answer one."""

    code: ClassVar[Code] = Code.E_CNONCE


class Link(StrEnum):
    """By which issuer-signed identifier the licences of a bundle are one holder's."""

    CITIZEN_ID = "citizen_id"
    USCC = "uscc"
    NONE = "none"


LINKS: Final = (
    (Link.CITIZEN_ID, Lic.CITIZEN_ID, HolderKind.LEGAL_PERSON),
    (Link.USCC, Lic.USCC, HolderKind.NATURAL_PERSON),
)
"""Each with its item, and the kind of holder for whom that item is another's: a company's licence may name its
representative's number, and a person's the employer's code."""
_LICENCE_NUMBERS: Final = (Lic.IDENTIFIER, Lic.LICENCE_NO)
"""By either of them two credentials state one licence, if kind and region are one as well."""
_ARRAY_MAJOR: Final = 4


def compose(presentations: Sequence[bytes]) -> bytes:
    """The bundle of these presentations, in this order.

    Raises:
        ProtocolError: It would be refused; see `parse`.
    """
    encoded = cbor.head(_ARRAY_MAJOR, len(presentations)) + b"".join(presentations)
    parse(encoded)
    return encoded


def read(text: str) -> tuple[UnverifiedPresentation, ...]:
    """The presentations in the text of one code; a longer bundle comes as `AnimatedKind.BUNDLE` and goes to `parse`.

    Raises:
        ProtocolError: As `envelope.unwrap` and `parse`.
    """
    return parse(envelope.unwrap(text, expected_prefix=labels.PREFIX_BUNDLE))


def parse(encoded: bytes, *, known: KnownCredentials = NOTHING_KNOWN) -> tuple[UnverifiedPresentation, ...]:
    """The presentations of a bundle (steps 3 and 4 for each).

    Args:
        encoded: Its bytes.
        known: As for `key_binding.parse`.

    Raises:
        SizeError: Longer than `limits.MAX_BUNDLE_BYTES`.
        ShapeError: Not an array of two to four presentations that are all different.
        BundleAudiencesDiffer, BundleNoncesDiffer: They do not belong to one act.
        ProtocolError: The first rule that a member breaks, as `key_binding.parse`.
    """
    if len(encoded) > limits.MAX_BUNDLE_BYTES:
        raise SizeError(f"a bundle of {len(encoded)} bytes; it may have {limits.MAX_BUNDLE_BYTES}")
    members = cbor.decode(encoded)
    if not isinstance(members, tuple) or len(members) not in limits.BUNDLE_PRESENTATIONS:
        raise ShapeError(f"a bundle is not an array of {limits.BUNDLE_PRESENTATIONS} presentations")
    presentations = tuple(key_binding.parse_structure(member, known=known) for member in members)
    first = presentations[0].key_binding
    if any(each.key_binding.aud != first.aud for each in presentations):
        raise BundleAudiencesDiffer("the presentations of a bundle have different audiences")
    if any(each.key_binding.cnonce != first.cnonce for each in presentations):
        raise BundleNoncesDiffer("the presentations of a bundle answer different challenges")
    if len({each.sign1.sig_structure() for each in presentations}) != len(presentations):
        raise ShapeError("a bundle has the same presentation twice")
    return presentations


def link(presentations: Sequence[Presentation]) -> Link:
    """Whether verified presentations are about one holder: an identifier that each issuer signed, shown and equal.

    One device key is no link, since two people can enrol on one phone and one person on two. Neither is a name. A
    mandate shows the identifier of the person for whom its holder acts: with that person's own licence it is no link.
    """
    if len(presentations) not in limits.BUNDLE_PRESENTATIONS:
        return Link.NONE
    if len({each.credential.mandate is not None for each in presentations}) != 1:
        return Link.NONE
    for found, key, foreign_kind in LINKS:
        identifiers = {_identifier(each, key, foreign_kind) for each in presentations}
        if len(identifiers) == 1 and None not in identifiers:
            return found
    return Link.NONE


def identifiers(presentation: Presentation) -> Mapping[Link, str]:
    """By which of them its holder could be told: the holder's own, signed by the issuer and shown.

    For codes that are read one after another (ADR 0026); those of one code are compared by `link`.
    """
    found = {name: _identifier(presentation, key, foreign_kind) for name, key, foreign_kind in LINKS}
    return {name: value for name, value in found.items() if value is not None}


def is_same_licence(one: Presentation, other: Presentation) -> bool:
    """Whether both state one licence of one region: a number of it that the issuer signed, shown and equal in both."""
    first, second = one.credential, other.credential
    if (first.vct, first.region) != (second.vct, second.region):
        return False
    return any(
        isinstance(one.items.get(key), str) and one.items.get(key) == other.items.get(key) for key in _LICENCE_NUMBERS
    )


def count_holders(presentation: Presentation, shown: Sequence[Presentation]) -> int:
    """How many different holders of this licence are shown, each by an identifier of its own.

    An agent is none: where a licence must be shown by all of its holders, it is they who agree.

    Args:
        presentation: Of the licence.
        shown: All verified presentations of the act, this one among them.
    """
    holders = [each for each in shown if each.credential.mandate is None and is_same_licence(presentation, each)]
    # By one identifier at a time: a citizen number and a company's code may be the same holder's.
    found = ({_identifier(each, key, foreign_kind) for each in holders} - {None} for _, key, foreign_kind in LINKS)
    return max(len(identifiers) for identifiers in found)


def is_linked(presentations: Sequence[Presentation], held_jointly: Sequence[bool]) -> bool:
    """Whether the licences belong together: one holder's (`link`), or those of the holders of one joint licence.

    The holders of a marriage licence are different people by design. What links them is that licence, which each of
    them shows with an identifier of its own; every other licence of the act must then be linked to one of theirs.

    Args:
        presentations: Of a bundle, verified.
        held_jointly: For each of them, whether policy demands several holders of its licence.
    """
    if link(presentations) is not Link.NONE:
        return True
    jointly = [each for each, joint in zip(presentations, held_jointly, strict=True) if joint]
    for licence in jointly:
        holders = [each for each in jointly if is_same_licence(licence, each) and _is_own(each)]
        if len(holders) > 1 and all(
            any(each is holder or link((each, holder)) is not Link.NONE for holder in holders) for each in presentations
        ):
            return True
    return False


def _is_own(presentation: Presentation) -> bool:
    """Whether the holder itself shows it, with an identifier."""
    return presentation.credential.mandate is None and any(
        _identifier(presentation, key, foreign_kind) is not None for _, key, foreign_kind in LINKS
    )


def _identifier(presentation: Presentation, key: Lic, foreign_kind: HolderKind) -> str | None:
    """The identifier of the licence's holder; None where it is not shown, or is not the holder's own."""
    value = presentation.items.get(key)
    is_own = presentation.credential.holder_kind is not foreign_kind
    return value if is_own and isinstance(value, str) and value else None
