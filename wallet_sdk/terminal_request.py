"""What a terminal asks of the holder: a challenge that was scanned, or a short code that was typed.

A challenge is believed once both of its signatures hold under a terminal key of a region that this wallet knows, it is
open by this device's clock (± 10 minutes), and it asks for no more than its certificate **and** the region's own
directory allow for the purpose (PROTOCOL.md, "Challenge"; docs/spec/challenge.md). A short code carries no signature:
the wallet names the place from the signed site list and warns.

Pure: text, directories and cards in, a request out. Not handled here: signing the answer (`wallet.py`).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from protocol import cbor, challenge, cose_sign1, keys, labels, limits, short_code, terminal_certificate
from protocol.challenge import Challenge, ChallengeAhead, ChallengeNotOpen, WantedTooMuch
from protocol.directory import PurposeItems, WalletDirectory
from protocol.errors import (
    AlgError,
    IssuerExpired,
    IssuerSignatureInvalid,
    ProtocolError,
    ShapeError,
    SignatureForm,
)
from protocol.errors import IssuerUnknown as TerminalKeyUnknown
from protocol.labels import KeyUse, Purpose
from protocol.licence.catalogue import Kind, Names
from protocol.qr import envelope
from protocol.terminal_certificate import Items, TerminalSignatureInvalid
from protocol.trust_list import TrustAnchor
from protocol.unixtime import UnixTime
from wallet_sdk import card_pack, cautions, consent
from wallet_sdk.card_pack import HeldLicence
from wallet_sdk.cautions import Caution
from wallet_sdk.consent import ConsentRequest
from wallet_sdk.errors import LicenceAmbiguous
from wallet_sdk.joint_consent import Addressee, JointRequest
from wallet_sdk.request_errors import (
    AskedTooMuch,
    CardNotHeld,
    ChallengeForged,
    ChallengeMalformed,
    ChallengeOver,
    ClockWrong,
    RegionUnknown,
    ShortCodeMalformed,
    SiteAmbiguous,
    SiteUnknown,
    TerminalExpired,
    TerminalUnknown,
    TerminalWithdrawn,
)

Directories = Mapping[str, WalletDirectory]
"""By the six digits of their region."""

_REGION_DIGITS: Final = 6


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks, as the region's authority signed it. `terminal` and `place` belong to a challenge, `site` to a code."""

    region: str
    relying_party: str
    place: str
    terminal: str | None
    site: str | None


@dataclass(frozen=True, slots=True)
class MissingKind:
    """A kind of licence that is asked for and of which this wallet has none to show. `kind` is None if unknown."""

    vct: int
    kind: Kind | None = field(repr=False)

    @property
    def names(self) -> Names | None:
        return self.kind.names if self.kind is not None else None


@dataclass(frozen=True, slots=True, kw_only=True)
class TerminalRequest(JointRequest):
    """A request that may be shown to the holder: who asks, what for, why, and for which items of which cards.

    Attributes:
        asker: Who.
        reason: 申请事由 in the terminal's words; a short code has none.
        missing: Kinds that are asked for and not held.
        read_at: When it was read; an answer is signed between then and `expires_at`.
        expires_at: By this device's clock.
    """

    asker: Asker
    reason: str | None
    missing: tuple[MissingKind, ...]
    read_at: UnixTime
    expires_at: UnixTime

    def _default(self) -> tuple[str, ...]:
        """The card of each kind that is asked for.

        Raises:
            CardNotHeld: There is none at all.
            LicenceAmbiguous: Several cards of one kind could answer; the holder has to name one.
        """
        if not self.sheets:
            wanted = (each.kind.slug if each.kind is not None else str(each.vct) for each in self.missing)
            raise CardNotHeld(", ".join(wanted))
        ids = tuple(sheet.card.id for sheet in self.sheets)
        if self.asker.terminal is not None and len({sheet.card.vct for sheet in self.sheets}) != len(ids):
            raise LicenceAmbiguous(", ".join(ids))
        return ids


def read_challenge(
    text: str, *, directories: Directories, licences: Iterable[HeldLicence], at: UnixTime
) -> TerminalRequest:
    """What this challenge asks of the holder of these licences.

    Raises:
        RequestError: The first rule that it breaks, by its own leaf; nothing of it is to be shown.
    """
    read = _verified(text, directories, at)
    request, certificate = read.request, read.certificate
    region = certificate.iss[:_REGION_DIGITS]
    if keys.kid_of(certificate.key) in directories[region].withdrawn:
        raise TerminalWithdrawn(f"terminal {certificate.terminal}")
    _check_maxima(directories[region], request.purpose, request.wanted)
    sheets: list[ConsentRequest] = []
    missing: list[MissingKind] = []
    of_kind = _by_kind(licences)
    for vct, items in sorted(request.wanted.items()):
        held = of_kind.get(vct, [])
        can_show = [each for each in held if _covers(each, request.purpose)]
        allowed = [each for each in can_show if not _beyond(each.directory, request.purpose, vct, items)]
        if can_show and not allowed:
            # A licence of another region obeys its own region's maximum too.
            _check_maxima(can_show[0].directory, request.purpose, {vct: items})
        if not allowed:
            missing.append(MissingKind(vct, _kind(directories, vct)))
        for licence in allowed:
            allows = _maximum(licence.directory, request.purpose, vct)
            asked = PurposeItems(items & allows.mandatory, items - allows.mandatory, items & allows.separate)
            sheets.append(consent.sheet(licence, card_pack.card(licence, at), request.purpose, asked))
    return TerminalRequest(
        addressee=Addressee(request.purpose, certificate.audience, read.cnonce, request.sealing_key),
        sheets=tuple(sheets),
        cautions=(*cautions.of_cards(sheet.card for sheet in sheets), *_late(directories[region], at)),
        asker=Asker(region, certificate.relying_party, certificate.place, certificate.terminal, None),
        reason=request.reason,
        missing=tuple(missing),
        read_at=at,
        # The two clocks may disagree, the two minutes may not be exceeded by either.
        expires_at=UnixTime(min(at + request.exp - request.iat, request.exp + limits.CHALLENGED_SKEW)),
    )


def read_short_code(
    typed: str, *, purpose: Purpose, directories: Directories, licences: Iterable[HeldLicence], at: UnixTime
) -> TerminalRequest:
    """The request behind a short code, for the licences that the holder wants to show there.

    Raises:
        ShortCodeMalformed, SiteUnknown, SiteAmbiguous: It leads nowhere.
        PurposeNotOffered, MandateScope: A licence is not shown for this purpose.
    """
    try:
        code = short_code.decode(typed)
    except ShapeError as reason:
        raise ShortCodeMalformed(reason=reason) from None
    places = [(name, listed.sites.get(code.site_characters)) for name, listed in sorted(directories.items())]
    found = [(name, site) for name, site in places if site is not None]
    if not found:
        raise SiteUnknown(code.site_characters)
    if len(found) > 1:
        raise SiteAmbiguous(", ".join(name for name, _ in found))
    region, site = found[0]
    sheets = tuple(consent.request(each, card_pack.card(each, at), purpose) for each in licences)
    return TerminalRequest(
        addressee=Addressee(purpose, code.audience, code.cnonce),
        sheets=sheets,
        # Always, and first: nothing else tells a holder that the screen with this code may be a fraudster's telephone.
        cautions=(
            Caution.DICTATED_CODE,
            *cautions.of_cards(sheet.card for sheet in sheets),
            *_late(directories[region], at),
        ),
        asker=Asker(region, site.relying_party, site.name, None, code.site_characters),
        reason=None,
        missing=(),
        read_at=at,
        expires_at=UnixTime(at + limits.MAX_CHALLENGE_LIFE),
    )


def _verified(text: str, directories: Directories, at: UnixTime) -> Challenge:
    # People paste with line breaks around; a scanner adds none, and inside the text nothing is forgiven.
    stripped = text.strip("\r\n")
    encoded = b""
    try:
        encoded = envelope.unwrap(stripped, expected_prefix=labels.PREFIX_CHALLENGE)
        return challenge.verify(encoded, terminal_keys=terminal_keys(directories), at=at)
    except TerminalKeyUnknown:
        region = _claimed_region(encoded)
        unknown = TerminalUnknown if region in directories else RegionUnknown
        raise unknown(f"region {region}") from None
    except (IssuerSignatureInvalid, TerminalSignatureInvalid, SignatureForm, AlgError) as reason:
        raise ChallengeForged(reason=reason) from None
    except IssuerExpired as reason:
        raise TerminalExpired(reason=reason) from None
    except ChallengeAhead as reason:
        raise ClockWrong(reason=reason) from None
    except ChallengeNotOpen as reason:
        raise ChallengeOver(reason=reason) from None
    except WantedTooMuch as reason:
        items = _in_words(directories, reason.beyond)
        raise AskedTooMuch(f"its certificate does not allow for {reason.purpose.word}: {items}") from None
    except ProtocolError as reason:
        raise ChallengeMalformed(reason=reason) from None


def terminal_keys(directories: Directories) -> Mapping[tuple[str, bytes], TrustAnchor]:
    """The terminal keys of every region, each only from its own directory: a region vouches for itself alone."""
    return {
        pair: anchor
        for region, listed in directories.items()
        for pair, anchor in listed.anchors.items()
        if anchor.use is KeyUse.TERMINAL and anchor.iss.startswith(f"{region}.")
    }


def _claimed_region(encoded: bytes) -> str:
    """The region that the certificate names; nobody has checked it, so it is only good for saying what is unknown."""
    sign1 = cose_sign1.parse(
        cbor.decode(encoded),
        expected_typ=labels.TYP_CHALLENGE,
        protected_labels=terminal_certificate.SIGNED_BY_TERMINAL,
    )
    return terminal_certificate.carried_in(sign1).claims.iss[:_REGION_DIGITS]


def _check_maxima(listed: WalletDirectory, purpose: Purpose, wanted: Items) -> None:
    beyond = {vct: _beyond(listed, purpose, vct, items) for vct, items in wanted.items()}
    if any(beyond.values()):
        items_in_words = _in_words({listed.iss: listed}, {vct: items for vct, items in beyond.items() if items})
        raise AskedTooMuch(f"region {listed.iss} does not allow for {purpose.word}: {items_in_words}")


def _beyond(listed: WalletDirectory, purpose: Purpose, vct: int, items: frozenset[int]) -> frozenset[int]:
    maximum = _maximum(listed, purpose, vct)
    return items - maximum.mandatory - maximum.optional


def _maximum(listed: WalletDirectory, purpose: Purpose, vct: int) -> PurposeItems:
    return listed.maxima.get((vct, purpose), PurposeItems(frozenset(), frozenset()))


def _covers(licence: HeldLicence, purpose: Purpose) -> bool:
    mandate = licence.flexible.claims.mandate
    return mandate is None or purpose in mandate.purposes


def _by_kind(licences: Iterable[HeldLicence]) -> Mapping[int, list[HeldLicence]]:
    found: dict[int, list[HeldLicence]] = {}
    for licence in licences:
        found.setdefault(licence.kind.vct, []).append(licence)
    return found


def _kind(directories: Directories, vct: int) -> Kind | None:
    return next((listed.kinds[vct] for listed in directories.values() if vct in listed.kinds), None)


def _in_words(directories: Directories, items: Items) -> str:
    """Kinds and items by their names; by their numbers where the catalogue does not know them."""
    words: list[str] = []
    for vct, labels_of in sorted(items.items()):
        kind, wanted = _kind(directories, vct), sorted(labels_of)
        known = {each: kind.item(each) for each in wanted} if kind is not None else dict.fromkeys(wanted)
        names = (item.name if item is not None else str(key) for key, item in known.items())
        words.append(f"{kind.slug if kind is not None else vct}: {', '.join(names)}")
    return "; ".join(words)


def _late(listed: WalletDirectory, at: UnixTime) -> tuple[Caution, ...]:
    return (Caution.DIRECTORY_LATE,) if at >= listed.exp else ()
