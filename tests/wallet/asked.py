"""A toy terminal: it asks by challenge, and reads what the wallet answers with the protocol alone."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from protocol import cbor, challenge, cose_sign1, labels, sealing, terminal_certificate
from protocol.challenge import Request
from protocol.keys import Ed25519Signer, Signer
from protocol.labels import Purpose
from protocol.qr import bundle, envelope
from protocol.sd_cwt import key_binding
from protocol.sd_cwt.key_binding import Presentation
from protocol.terminal_certificate import Items, TerminalCertificate
from protocol.unixtime import DAY, HOUR, UnixTime
from tests.wallet.issued import AT, ID_CARD, VCT, Authority

WANTED: Items = {VCT: frozenset({1, 2, 7, 13})}
BOTH: Items = {VCT: frozenset({1, 2, 3, 7}), ID_CARD: frozenset({1, 3, 7})}
A_WHILE_AGO = UnixTime(AT - HOUR)
CERTIFIED: Mapping[Purpose, Items] = {
    Purpose.WINDOW: {VCT: frozenset({1, 2, 3, 7, 9, 13}), ID_CARD: frozenset({1, 3, 7})},
    Purpose.ROADSIDE: {VCT: frozenset({1, 2, 3, 5, 7, 10})},
}


@dataclass
class Terminal:
    """One terminal of one region, certified by its terminal key."""

    authority: Authority
    signer: Signer = field(default_factory=lambda: Ed25519Signer(b"\x05" * 32))
    name: str = "310000-W07"
    private_key: bytes = b"\x06" * 32
    maxima: Mapping[Purpose, Items] = field(default_factory=lambda: CERTIFIED)
    certified_by: Signer | None = None
    iss: str | None = None
    certified_at: UnixTime = A_WHILE_AGO

    def certificate(self) -> bytes:
        return terminal_certificate.certify(
            TerminalCertificate(
                iss=self.iss or self.authority.iss,
                terminal=self.name,
                place="虚构市政务大厅7号窗",
                relying_party="虚构市车管所",
                maxima=self.maxima,
                key=self.signer.public_key,
                iat=self.certified_at,
                exp=UnixTime(self.certified_at + 7 * DAY),
            ),
            self.certified_by or self.authority.terminals,
        )

    def request(self, wanted: Items = WANTED, **changes: object) -> Request:
        good = Request(
            purpose=Purpose.WINDOW,
            reason="换领驾驶证",
            wanted=wanted,
            nonce=b"\x07" * 16,
            sealing_key=sealing.sealing_key(self.private_key),
            iat=AT,
            exp=UnixTime(AT + 120),
        )
        return replace(good, **changes)  # type: ignore[arg-type]  # forgeries name any field

    def challenge(self, wanted: Items = WANTED, **changes: object) -> bytes:
        return challenge.build(self.request(wanted, **changes), certificate=self.certificate(), signer=self.signer)

    def asks(self, wanted: Items = WANTED, **changes: object) -> str:
        """The text of a challenge."""
        return text(self.challenge(wanted, **changes))

    def asks_what_no_builder_would(self, claim: int, value: Any) -> str:
        """A challenge with one claim changed, signed by the honest terminal."""
        structure: Any = cbor.decode(self.challenge())
        protected, _, payload, _ = structure.value
        changed = cbor.encode({**cbor.decode(payload), claim: value})  # type: ignore[dict-item]  # a map
        signature = self.signer.sign(cose_sign1.sig_structure(protected, changed))
        return text(cbor.encode(cbor.Tagged(labels.TAG_SIGN1, (protected, {}, changed, signature))))

    def reads(self, answer: str) -> tuple[Presentation, ...]:
        """The presentations in an answer, each with both signatures and all disclosures checked."""
        if answer.startswith(labels.PREFIX_SEALED):
            sealed = sealing.parse(envelope.unwrap(answer, expected_prefix=labels.PREFIX_SEALED))
            content = sealing.unseal(sealed, private_key=self.private_key)
        elif answer.startswith(labels.PREFIX_BUNDLE):
            content = envelope.unwrap(answer, expected_prefix=labels.PREFIX_BUNDLE)
        else:
            content = envelope.unwrap(answer)
        return self.verifies(content)

    def verifies(self, content: bytes) -> tuple[Presentation, ...]:
        is_one = isinstance(cbor.decode(content), cbor.Tagged)
        members = (key_binding.parse(content),) if is_one else bundle.parse(content)
        keys = (self.authority.assertion, self.authority.mandates)
        by_mandate = [each.credential.claims.mandate is not None for each in members]
        read = tuple(
            key_binding.verify(each, keys[is_mandate].public_key)
            for each, is_mandate in zip(members, by_mandate, strict=True)
        )
        for each in read:
            key_binding.check_time_relations(each)
        return read


def text(encoded: bytes) -> str:
    return envelope.wrap(encoded, labels.PREFIX_CHALLENGE)
