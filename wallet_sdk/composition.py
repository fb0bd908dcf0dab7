"""What one act lets out, as bytes and as text: one presentation, or a bundle of them; open, or sealed.

Guaranteed: each text has one signature for each of its members; a sealed one has an ephemeral key of its own, drawn for
it alone. Not handled here: moments, and how long a text is shown (`dynamic_code.py`).
"""

from dataclasses import dataclass, field
from typing import Final

from protocol import cbor, labels, sealing
from protocol.keys import Signer
from protocol.labels import AnimatedKind, SignatureAlg
from protocol.qr import bundle, envelope
from protocol.sd_cwt.key_binding import KeyBinding
from protocol.unixtime import UnixTime
from wallet_sdk import preparing
from wallet_sdk.card_pack import HeldLicence
from wallet_sdk.errors import CredentialExpired, LicenceExpired, LicenceNotYet
from wallet_sdk.joint_consent import Addressee
from wallet_sdk.ports import Random
from wallet_sdk.request_errors import MandateExpired
from wallet_sdk.selection import Selection

_ARRAY_MAJOR: Final = 4
_PREFIXES: Final = {AnimatedKind.BUNDLE: labels.PREFIX_BUNDLE, AnimatedKind.SEALED: labels.PREFIX_SEALED}


@dataclass(frozen=True, slots=True)
class Member:
    """One licence of an act, with what is let out of it."""

    licence: HeldLicence
    selection: Selection

    def showable_until(self, at: UnixTime) -> UnixTime:
        """The end of the credential that is shown, once the licence can be shown at all.

        Raises:
            LicenceNotYet, LicenceExpired, CredentialExpired, MandateExpired: It cannot.
        """
        if at < self.licence.begins:
            raise LicenceNotYet
        legal_end = self.licence.legal_end
        if legal_end is not None and at >= legal_end:
            raise LicenceExpired
        end = self.selection.credential.claims.exp
        if at >= end:
            raise MandateExpired if self.licence.is_mandate else CredentialExpired
        return end


@dataclass(frozen=True, slots=True)
class Content:
    """What one code says, as bytes, and when it is to be signed anew; for moving pictures."""

    kind: AnimatedKind
    encoded: bytes = field(repr=False)
    next_at: UnixTime


class Composition:
    """The rolling content of one act, for a device key of this algorithm."""

    __slots__ = ("_addressee", "_is_checked", "_random", "_rolling")

    def __init__(self, members: tuple[Member, ...], addressee: Addressee, random: Random, alg: SignatureAlg) -> None:
        self._addressee = addressee
        self._random = random
        self._rolling = tuple(preparing.rolling_text(each.selection, alg) for each in members)
        self._is_checked = len(members) == 1

    def text(self, iat: UnixTime, exp: UnixTime, signer: Signer) -> str:
        """The text of one code.

        Raises:
            SizeError: It does not fit one code.
            ProtocolError: A credential or a signature is not in its form.
        """
        if self._addressee.sealing_key is None and len(self._rolling) == 1:
            return self._rolling[0].next(self._binding(iat, exp), signer)
        kind, content = self.content(iat, exp, signer)
        return envelope.wrap(content, _PREFIXES[kind])

    def content(self, iat: UnixTime, exp: UnixTime, signer: Signer) -> tuple[AnimatedKind, bytes]:
        """The bytes behind the prefix of a code, and what they are. Raises ProtocolError: as `text`."""
        kind, plaintext = self._plaintext(iat, exp, signer)
        recipient = self._addressee.sealing_key
        if recipient is None:
            return kind, plaintext
        ephemeral_key = self._random(sealing.KEY_BYTES)
        return AnimatedKind.SEALED, sealing.seal(plaintext, recipient=recipient, ephemeral_key=ephemeral_key)

    def _plaintext(self, iat: UnixTime, exp: UnixTime, signer: Signer) -> tuple[AnimatedKind, bytes]:
        binding = self._binding(iat, exp)
        presentations = [each.presenter.present(binding, signer) for each in self._rolling]
        if len(presentations) == 1:
            return AnimatedKind.PRESENTATION, presentations[0]
        if not self._is_checked:
            # The protocol's own look at the whole; later ones differ from it in moments and signatures alone.
            bundle.compose(presentations)
            self._is_checked = True
        return AnimatedKind.BUNDLE, cbor.head(_ARRAY_MAJOR, len(presentations)) + b"".join(presentations)

    def _binding(self, iat: UnixTime, exp: UnixTime) -> KeyBinding:
        return KeyBinding(self._addressee.audience, iat, exp, self._addressee.cnonce)
