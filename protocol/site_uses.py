"""Site uses: what a terminal tells the other terminals of its site about presentations that were shown to it.

A COSE_Sign1 by the terminal's key with its certificate in kcwt. A use is named by a tag, HMAC-SHA256 under the replay
key itself (SHA-256 of the KBT's Sig_structure, which nobody can guess), so that only who has seen the same presentation
can tell that it is the one. Guaranteed by `verify`: strict form, both signatures, the site that the reader expects.
Not handled here: whether the certificate runs now, what is made of a use, and the network (ADR 0027).
"""

import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from protocol import cbor, cwt, labels, limits, short_code, terminal_certificate, terminal_statement
from protocol.errors import SchemaError, ShapeError, SizeError
from protocol.keys import Signer
from protocol.short_code import ShortCode
from protocol.terminal_certificate import TerminalCertificate, TerminalKeys
from protocol.unixtime import UnixTime

TAG_BYTES: Final = 16
_LABEL: Final = b"liangzheng site use\0"
_USE_BYTES: Final = 32
"""One use: array head 1, tag 17, moment 5, number 8, yes or no 1."""
_FRAME_BYTES: Final = 112
"""Of a datagram beside certificate and uses: signature 66, labels, heads, type and site."""
_AT_LEAST: Final = 8
"""Uses in one datagram, however long the certificate."""
_CHECK: Final = re.compile(r"[0-9A-HJKMNP-TV-Z]{3}-[0-9A-HJKMNP-TV-Z]{3}", re.ASCII)


class OtherSite(SchemaError):
    """Said for the terminals of another site."""


@dataclass(frozen=True, slots=True)
class SiteUse:
    """One presentation that was shown at the terminal that says so. `accepted`: it was used up, and not refused."""

    tag: bytes
    used_at: UnixTime
    """By that terminal's clock."""
    check_number: str
    accepted: bool


@dataclass(frozen=True, slots=True)
class VerifiedSiteUses:
    """The certified terminal says this. Only `verify` makes one."""

    certificate: TerminalCertificate
    uses: tuple[SiteUse, ...]


def tag_of(replay_key: bytes, site: str) -> bytes:
    """The name of a presentation among the terminals of one site (four characters)."""
    return hmac.digest(replay_key, _LABEL + site.encode(), "sha256")[:TAG_BYTES]


def sign(site: str, uses: Sequence[SiteUse], *, certificate: bytes, signer: Signer) -> tuple[bytes, int]:
    """One datagram with as many of these uses, from the first on, as it holds; and how many those are.

    Raises:
        SizeError: The certificate is too long.
        ProtocolError: No reader would take it; nothing is returned.
    """
    structure = cbor.decode(certificate)
    certified = terminal_certificate.parse(structure).claims

    def signed(count: int) -> bytes:
        said = tuple((each.tag, each.used_at, each.check_number, each.accepted) for each in uses[:count])
        content = cbor.encode({labels.CLAIM_SITE: site, labels.CLAIM_SITE_USES: said})
        _uses(cbor.decode(content), expected_site=site)
        return terminal_statement.sign(
            content, typ=labels.TYP_SITE_USES, certificate=structure, certified=certified, signer=signer
        )

    # As many as leave it in one piece; with a large certificate it goes in several.
    room = limits.UNFRAGMENTED_BYTES - len(certificate) - _FRAME_BYTES
    count = min(len(uses), limits.MAX_SITE_USES, max(_AT_LEAST, room // _USE_BYTES))
    encoded = signed(count)
    if len(encoded) > limits.MAX_SITE_USES_BYTES:
        raise SizeError(f"a certificate of {len(certificate)} bytes is too long for the neighbours")
    return encoded, count


def verify(encoded: bytes, *, expected_site: str, terminal_keys: TerminalKeys, at: UnixTime) -> VerifiedSiteUses:
    """The uses, once both signatures hold.

    1. Size, strict CBOR, shape, typ and closed header sets. 2. (iss, kid) of the certificate is a region's terminal
    key. 3. The region's signature. 4. The terminal's signature. 5. The claims; the site is the reader's.

    Raises:
        SizeError: Too long.
        OtherSite: Good, and said to another site.
        ProtocolError: The first rule that it breaks.
    """
    if len(encoded) > limits.MAX_SITE_USES_BYTES:
        raise SizeError(f"site uses of {len(encoded)} bytes")
    # Steps 1 to 4.
    certificate, payload = terminal_statement.verified(
        encoded, typ=labels.TYP_SITE_USES, terminal_keys=terminal_keys, at=at
    )
    # Step 5.
    return VerifiedSiteUses(certificate, _uses(payload, expected_site=expected_site))


def _uses(payload: cbor.Value, *, expected_site: str) -> tuple[SiteUse, ...]:
    if not isinstance(payload, Mapping) or payload.keys() != {labels.CLAIM_SITE, labels.CLAIM_SITE_USES}:
        raise ShapeError("the payload has not exactly the claims of site uses")
    site = payload[labels.CLAIM_SITE]
    if not isinstance(site, str) or ShortCode(short_code.decode_site(site), 0).site_characters != site:
        raise SchemaError("a site is four characters in their one form")
    if site != expected_site:
        raise OtherSite(f"said to the site {site}")
    said = payload[labels.CLAIM_SITE_USES]
    if not isinstance(said, tuple) or not 0 < len(said) <= limits.MAX_SITE_USES:
        raise SchemaError(f"not 1 to {limits.MAX_SITE_USES} uses")
    return tuple(_use(each) for each in said)


def _use(value: cbor.Value) -> SiteUse:
    match value:
        case (bytes() as tag, at, str() as number, bool() as accepted) if len(tag) == TAG_BYTES and _CHECK.fullmatch(
            number
        ):
            return SiteUse(tag, cwt.moment({labels.CLAIM_IAT: at}, labels.CLAIM_IAT), number, accepted)
        case _:
            raise SchemaError("a use is [tag, moment, check number, accepted]")
