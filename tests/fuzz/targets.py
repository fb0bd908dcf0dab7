"""The fuzz targets: plain functions of bytes that return, or fail an assertion, or let out an exception that is a bug.

Each holds its reader to three promises: nothing but the package's own reasons comes out of it; what it accepts stays
itself when it is written again; and where one form is promised, other bytes were not accepted. The runner
(`tests.fuzz.run`) adds the fourth, the time for one input.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from typing import Any, Final, TypeVar

from hardware.serial_scanner.framing import Frame, Framer, FramingRules, Garbage
from protocol import (
    appraisal_policy,
    cbor,
    challenge,
    checkpoint,
    directory,
    dispute_note,
    feed_bundle,
    feed_document,
    keys,
    labels,
    licence_package,
    limits,
    mandate,
    manifest,
    paper,
    receipt,
    reversal,
    roots,
    sealing,
    short_code,
    status_list,
    terminal_certificate,
    trust_list,
)
from protocol.errors import ProtocolError, StatusRangeError
from protocol.labels import AnimatedKind
from protocol.licence import catalogue
from protocol.qr import animated, base45, bundle, envelope
from protocol.sd_cwt import credential, foreign, key_binding
from revocation import delta, status_base
from revocation.errors import RevocationError
from tests.appraisal.test_properties import check_invariants
from tests.fuzz import ground
from tests.protocol.test_licence_package import package
from verifier_terminal.appraisal import foreign_codes
from verifier_terminal.appraisal.appraise import appraise
from verifier_terminal.appraisal.verdict import Form, VerdictClass
from verifier_terminal.relay import request
from wallet_sdk import holdings, receiving
from wallet_sdk.errors import ReceiveError

Function = Callable[[bytes], None]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Target:
    """A function and what it starts from. A script is many inputs in one, so the bound for one does not judge it."""

    function: Function
    seeds: tuple[bytes, ...]
    is_script: bool = False


def _accepted(read: Callable[[], T]) -> T | None:
    """What was read, or None where it was refused for a reason. Anything else that is raised is a finding."""
    try:
        return read()
    except (ProtocolError, RevocationError):
        return None


def _has_one_form(content: bytes) -> None:
    assert cbor.encode(cbor.decode(content)) == content


# Bytes and texts.


def cbor_value(content: bytes) -> None:
    value = _accepted(lambda: (cbor.decode(content),))
    if value is None:
        return
    again = cbor.encode(value[0])
    # Only the order of map entries is free.
    assert len(again) == len(content)
    assert cbor.decode(again) == value[0]
    assert cbor.encode(cbor.decode(again)) == again


def code_text(content: bytes) -> None:
    text = content.decode("utf-8", "surrogatepass" if len(content) % 2 else "replace") if _is_text(content) else ""
    for prefix in sorted(envelope.PREFIXES):
        inner = _accepted(partial(envelope.unwrap, text, expected_prefix=prefix))
        if inner is not None:
            assert prefix + base45.encode(inner) == text
    assert foreign_codes.classify(text) in foreign_codes.NAMES
    code = _accepted(lambda: short_code.decode(text))
    if code is not None:
        assert short_code.decode(short_code.encode(code)) == code


def _is_text(content: bytes) -> bool:
    try:
        content.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return False
    return True


def cose_key(content: bytes) -> None:
    key = _accepted(lambda: keys.load_cose_key(cbor.decode(content)))
    if key is not None:
        assert key.cose_key == cbor.decode(content)
        assert keys.load_cose_key(key.cose_key) == key


# Presentations, bundles, credentials.


def presentation(content: bytes) -> None:
    unverified = _accepted(lambda: key_binding.parse(content))
    if unverified is None:
        return
    _has_one_form(content)
    anchor = _accepted(lambda: trust_list.find_credential_anchor(ground.TRUST, unverified.credential, at=ground.AT))
    if anchor is not None and _accepted(lambda: key_binding.verify(unverified, anchor.key)) is not None:
        # Both signatures hold: only what was signed before has them.
        assert unverified.sign1.sig_structure() in ground.SIGNED_BY_BOTH


def credential_alone(content: bytes) -> None:
    unverified = _accepted(lambda: credential.parse(cbor.decode(content)))
    if unverified is None:
        return
    _has_one_form(content)
    credential_key = ground.ISSUED.issuer.public_key
    verified = _accepted(lambda: credential.verify(unverified, credential_key))
    if verified is None:
        return
    originals = [credential.parse(cbor.decode(each.encoded)) for each in (ground.ISSUED, ground.VIEW)]
    signed = {each.sign1.sig_structure(): each for each in originals}
    assert unverified.sign1.sig_structure() in signed
    original = signed[unverified.sign1.sig_structure()]
    if _accepted(lambda: credential.disclosed_licence(verified)) is not None:
        # A disclosure may be left out or moved; none may be made.
        assert set(unverified.encoded_disclosures) <= set(original.encoded_disclosures)


def presentation_by_insiders(content: bytes) -> None:
    """What an issuer and a holder in league may sign: the readers behind the signatures, and the whole appraisal."""
    presented = ground.presented_by_insiders(content)
    if presented is None:
        return
    unverified = _accepted(lambda: key_binding.parse(presented))
    if unverified is not None:
        _has_one_form(presented)
        verified = _accepted(lambda: key_binding.verify(unverified, ground.ISSUED.issuer.public_key))
        if verified is not None:
            _accepted(lambda: key_binding.check_time_relations(verified))
            claims = unverified.credential.claims
            stated = claims.mandate
            if stated is not None:
                assert mandate.from_value(mandate.to_value(stated)) == stated
    text = labels.PREFIX_PRESENTATION + base45.encode(presented)
    check_invariants(appraise(text, ground.CONTEXT))


def foreign_by_insiders(content: bytes) -> None:
    """The reader of other profiles, behind its signatures."""
    presented = ground.presented_by_insiders(content)
    if presented is None:
        return
    issuer_key = ground.ISSUED.issuer.public_key
    assert isinstance(issuer_key, keys.Ed25519Key)
    _accepted(
        lambda: foreign.verify_presentation(
            presented,
            issuer_key=issuer_key,
            expected_audience=ground.AUDIENCE,
            expected_cnonce=None,
            at=ground.AT,
            profile=foreign.DRAFT_08,
        )
    )


_SHOWN_PREFIXES: Final = (labels.PREFIX_PRESENTATION, labels.PREFIX_BUNDLE)


def whole_appraisal(content: bytes) -> None:
    """Never an exception, and only what was signed is taken: from the text, and from the bytes behind it."""
    for text in (content.decode("latin-1"), *(prefix + base45.encode(content) for prefix in _SHOWN_PREFIXES)):
        verdict = appraise(text, ground.CONTEXT)
        # Several licences of one act have a verdict each, which is what the invariants are about.
        for each in verdict.members or (verdict,):
            check_invariants(each)
        if verdict.verdict_class not in (VerdictClass.ACCEPT, VerdictClass.CHECK):
            continue
        match verdict.form:
            case Form.PRESENTATION:
                shown = (key_binding.parse(envelope.unwrap(text)),)
            case Form.BUNDLE:
                shown = bundle.parse(envelope.unwrap(text, expected_prefix=labels.PREFIX_BUNDLE))
            case Form.PAPER:
                on_paper = paper.read(text)
                anchor = paper.find_paper_anchor(ground.TRUST, on_paper, at=ground.AT)
                paper.verify(on_paper, anchor.key)
                assert envelope.unwrap(text, expected_prefix=labels.PREFIX_PAPER) in ground.PAPER_VECTOR_BYTES
                continue
        assert {each.sign1.sig_structure() for each in shown} <= ground.SIGNED_BY_BOTH


def presentations_in_a_bundle(content: bytes) -> None:
    members = _accepted(lambda: bundle.parse(content))
    if members is None:
        return
    _has_one_form(content)
    value = cbor.decode(content)
    assert isinstance(value, tuple)
    assert bundle.compose([cbor.encode(each) for each in value]) == content


def mandate_claim(content: bytes) -> None:
    stated = _accepted(lambda: mandate.from_value(cbor.decode(content)))
    if stated is not None:
        assert mandate.to_value(stated) == cbor.decode(content)


# What a region signs. The signature is made here, so that everything behind it is reached.


def _document(typ: str, verify: Callable[..., Any], sign: Callable[..., bytes]) -> Function:
    def target(content: bytes) -> None:
        encoded = ground.signed(content, ground.ROOT, typ=typ)
        root = ground.ROOT.public_key
        document = _accepted(lambda: verify(encoded, root=root))
        if document is None:
            return
        again = sign(document, ground.ROOT)
        assert verify(again, root=root) == document
        assert sign(verify(again, root=root), ground.ROOT) == again

    return target


def status_token(content: bytes) -> None:
    signer = ground.WORLD.status_signers[ground.WUYOU]
    encoded = ground.signed(content, signer, typ=labels.TYP_STATUS_LIST)
    token = _accepted(lambda: status_list.verify(encoded, trust=ground.TRUST, at=ground.AT))
    if token is not None:
        again = status_list.sign(token, signer)
        assert status_list.verify(again, trust=ground.TRUST, at=ground.AT) == token


def status_entries(content: bytes) -> None:
    entries = _accepted(lambda: status_list.decode_list(cbor.decode(content)))
    if entries is None:
        return
    assert len(entries) <= limits.STATUS_LIST_ENTRIES
    for idx in {0, 1, len(entries) // 2, len(entries) - 1} & set(range(len(entries))):
        assert 0 <= entries.value(idx) < 1 << entries.bits
    for beyond in (-1, len(entries), 2**32):
        try:
            entries.value(beyond)
        except StatusRangeError:
            continue
        raise AssertionError(f"a value beyond the end, at {beyond}")


def region_checkpoint(content: bytes) -> None:
    """As it stands, and as what a region's status key signs. What rides along is signed by nobody."""
    held = checkpoint.verify(
        checkpoint.parse(ground.CHECKPOINT), trust=ground.STATUS_TRUST, expected_region=ground.WUYOU, at=ground.AT
    )
    for encoded in (content, ground.signed(content, ground.STATUS_SIGNER, typ=labels.TYP_CHECKPOINT)):
        unverified = _accepted(partial(checkpoint.parse, encoded))
        if unverified is None:
            continue
        _has_one_form(encoded)
        verified = _accepted(
            partial(
                checkpoint.verify,
                unverified,
                trust=ground.STATUS_TRUST,
                expected_region=ground.WUYOU,
                at=ground.AT,
            )
        )
        if verified is None:
            continue
        if encoded is content:
            assert verified == held
        again = checkpoint.sign(verified.claims, ground.STATUS_SIGNER, inline=unverified.inline)
        assert (checkpoint.parse(again).claims, checkpoint.parse(again).inline) == (verified.claims, unverified.inline)
        there, back = checkpoint.succession(held, verified), checkpoint.succession(verified, held)
        assert {there, back} in _SUCCESSIONS


_SUCCESSIONS: Final = (
    {checkpoint.Succession.NEWER, checkpoint.Succession.OLDER},
    {checkpoint.Succession.SAME},
    {checkpoint.Succession.EQUIVOCATION},
)


def co_signature(content: bytes) -> None:
    """As it stands, by the offline key, and by the status key, which may sign none."""
    verify = partial(reversal.verify, trust=ground.STATUS_TRUST, expected_region=ground.WUYOU, at=ground.AT)
    for encoded in (content, ground.signed(content, ground.OFFLINE_SIGNER, typ=labels.TYP_REVERSAL)):
        verified = _accepted(partial(verify, encoded))
        if verified is not None:
            _has_one_form(encoded)
            assert verify(reversal.sign(verified.reversal, ground.OFFLINE_SIGNER)) == verified
            assert encoded is not content or verified == verify(ground.REVERSAL)
    by_another = ground.signed(content, ground.STATUS_SIGNER, typ=labels.TYP_REVERSAL)
    assert _accepted(partial(verify, by_another)) is None


def manifest_by_one_or_both(content: bytes) -> None:
    """As it stands under either root, and as what each root signs."""
    for root in (ground.STATUS_SIGNER, ground.STATUS_PAIR):
        verify = partial(manifest.verify, signed_by=root.public_key, expected_region=ground.WUYOU)
        for encoded in (content, roots.sign(content, typ=labels.TYP_MANIFEST, signer=root)):
            stated = _accepted(partial(verify, encoded))
            if stated is not None:
                assert verify(manifest.sign(stated, root)) == stated
                assert encoded is not content or stated == ground.MANIFEST


def feed_document_by_the_root(content: bytes) -> None:
    """As it stands, and as what the root signs."""
    verify = partial(feed_document.verify, root=ground.STATUS_SIGNER.public_key, expected_region=ground.WUYOU)
    for encoded in (content, roots.sign(content, typ=labels.TYP_FEED, signer=ground.STATUS_SIGNER)):
        stated = _accepted(partial(verify, encoded))
        if stated is not None:
            assert verify(feed_document.sign(stated, ground.STATUS_SIGNER)) == stated
            assert encoded is not content or stated == ground.FEED_DOCUMENT


def status_changes(content: bytes) -> None:
    """A delta or an aggregate of deltas; how many bits stand where is the publisher's choice, the content is not."""
    changes = _accepted(lambda: delta.decode(content))
    if changes is not None:
        again = delta.decode(delta.encode(changes, universe=7 << delta.INDEX_BITS))
        assert again.places.tolist() == changes.places.tolist()
        assert again.values.tolist() == changes.values.tolist()
        assert (again.lists, again.retired) == (changes.lists, changes.retired)
        assert len(changes) < 8 * len(content)
    aggregate = _accepted(
        lambda: delta.decode_aggregate(content, expected_region=ground.WUYOU, expected_epoch=3),
    )
    if aggregate is not None:
        assert aggregate.first < aggregate.last


def status_base_object(content: bytes) -> None:
    pointer = status_base.pointer_to(content, seq=5_000)
    base = _accepted(
        lambda: status_base.decode(content, pointer=pointer, expected_region=ground.WUYOU, expected_epoch=3)
    )
    if base is not None:
        _has_one_form(content)
        again = status_base.encode(base)
        pointer = status_base.pointer_to(again, seq=5_000)
        read = status_base.decode(again, pointer=pointer, expected_region=ground.WUYOU, expected_epoch=3)
        assert read.state.root == base.state.root


def bundle_of_files(content: bytes) -> None:
    """Read whole and read by its index, which must not ask for more than heads and names."""
    entries = _accepted(lambda: feed_bundle.decode(content))
    if entries is None:
        return
    assert feed_bundle.encode(entries) == content
    assert sum(len(each) for each in entries.values()) < len(content)
    assert not any(".." in name or name.startswith("/") for name in entries)


def request_of_a_relay(content: bytes) -> None:
    """What is answered has one meaning: a plain path and no body; whatever else is asked ends the connection."""
    try:
        read = request.parse(content)
    except request.BadRequest:
        return
    lines = content.removesuffix(request.END).split(b"\r\n")
    assert lines[0].split(b" ")[1] == b"/" + read.path.encode("ascii")
    assert not any(character in read.path for character in "%?#\\:@ ")
    names = [line.split(b":")[0].lower() for line in lines[1:]]
    assert len(set(names)) == len(names)
    assert b"transfer-encoding" not in names


def whole_package(content: bytes) -> None:
    read = _accepted(lambda: licence_package.decode(content))
    if read is not None:
        assert licence_package.decode(licence_package.encode(read)) == read


def package_by_insiders(content: bytes) -> None:
    """What a hostile authority may give to a wallet that has never met it."""
    encoded = ground.packaged_by_insiders(content)
    if encoded is None:
        return
    try:
        held, licence_id = receiving.receive(encoded, ground.HOLDINGS, at=ground.AT, root=None)
    except ReceiveError:
        return
    # It was taken for good: the vault gives it back, and it may come once more.
    assert holdings.decode(holdings.encode(held)) == held
    assert receiving.receive(encoded, held, at=ground.AT, root=None) == (held, licence_id)


def paper_code(content: bytes) -> None:
    for encoded in (content, ground.signed(content, ground.PAPER_SIGNER, typ=labels.TYP_PAPER)):
        unverified = _accepted(partial(paper.parse, encoded))
        if unverified is None:
            continue
        _has_one_form(encoded)
        verified = _accepted(partial(paper.verify, unverified, ground.PAPER_SIGNER.public_key))
        if verified is not None:
            assert (
                paper.verify(
                    paper.parse(paper.issue(verified.claims, ground.PAPER_SIGNER)), ground.PAPER_SIGNER.public_key
                )
                == verified
            )


# What a terminal signs.


def _by_terminal(content: bytes, typ: str) -> tuple[bytes, bytes]:
    """As it stands, and as the payload of what the certified terminal signs."""
    return content, ground.signed(content, ground.TERMINAL_SIGNER, typ=typ, kcwt=cbor.decode(ground.CERTIFICATE))


def terminal_challenge(content: bytes) -> None:
    for encoded in _by_terminal(content, labels.TYP_CHALLENGE):
        verified = _accepted(partial(challenge.verify, encoded, terminal_keys=ground.TERMINAL_KEYS, at=ground.AT))
        if verified is None:
            continue
        _has_one_form(encoded)
        again = challenge.build(verified.request, certificate=ground.CERTIFICATE, signer=ground.TERMINAL_SIGNER)
        read = challenge.verify(again, terminal_keys=ground.TERMINAL_KEYS, at=ground.AT)
        assert (read.request, read.certificate) == (verified.request, verified.certificate)


def note_of_a_dispute(content: bytes) -> None:
    for encoded in _by_terminal(content, labels.TYP_DISPUTE):
        verified = _accepted(partial(dispute_note.verify, encoded, terminal_keys=ground.TERMINAL_KEYS, at=ground.AT))
        if verified is None:
            continue
        _has_one_form(encoded)
        again = dispute_note.sign(verified.note, certificate=ground.CERTIFICATE, signer=ground.TERMINAL_SIGNER)
        assert dispute_note.verify(again, terminal_keys=ground.TERMINAL_KEYS, at=ground.AT) == verified


def terminal_receipt(content: bytes) -> None:
    for encoded in _by_terminal(content, labels.TYP_RECEIPT):
        verified = _accepted(partial(receipt.verify, encoded, terminal_keys=ground.TERMINAL_KEYS, at=ground.AT))
        if verified is None:
            continue
        _has_one_form(encoded)
        again = receipt.sign(verified.receipt, certificate=ground.CERTIFICATE, signer=ground.TERMINAL_SIGNER)
        assert receipt.verify(again, terminal_keys=ground.TERMINAL_KEYS, at=ground.AT) == verified
    copy = _accepted(lambda: receipt.decode_copy(content))
    if copy is not None:
        assert receipt.decode_copy(receipt.encode_copy(copy)) == copy
        _has_one_form(content)


def certificate_of_a_terminal(content: bytes) -> None:
    encoded = ground.signed(content, ground.REGION_SIGNER, typ=labels.TYP_TERMINAL)
    unverified = _accepted(lambda: terminal_certificate.parse(cbor.decode(encoded)))
    if unverified is None:
        return
    claims = unverified.claims
    again = terminal_certificate.parse(cbor.decode(terminal_certificate.certify(claims, ground.REGION_SIGNER)))
    assert again.claims == claims


def sealed_presentation(content: bytes) -> None:
    sealed = _accepted(lambda: sealing.parse(content))
    if sealed is None:
        return
    _has_one_form(content)
    if _accepted(lambda: sealing.unseal(sealed, private_key=ground.SEALING_SECRET)) is not None:
        assert content == ground.SEALED


# Animated codes and the serial line.


def animated_frame(content: bytes) -> None:
    frame = _accepted(lambda: animated.parse(content))
    if frame is None:
        return
    whole = frame.whole
    header = bytes((whole.kind, *whole.length.to_bytes(2), whole.count, frame.index))
    assert whole.digest + header + frame.symbol == content


def animated_assembler(content: bytes) -> None:
    """The content is a script: two bytes for each picture, what it is and which; the first two say how long the whole.

    The good sender's frames, the same with a changed symbol, another sender's, and frames that lie about the whole.
    """
    length = 1 + int.from_bytes(content[:2]) % 6_000
    good = animated.animate(bytes(place * 31 % 251 for place in range(length)), AnimatedKind.PORTRAIT)
    other = animated.animate(bytes(length), AnimatedKind.BUNDLE)
    assembler = animated.Assembler()
    for what, which in zip(content[2::2], content[3::2], strict=False):
        frame = bytearray((other if what % 8 == 7 else good).frame(which))
        match what % 8:
            case 4 | 5:
                frame[-1 - what % 16 % (len(frame) - 13)] ^= 1 + (what >> 3)
            case 6:
                frame[which % 13] ^= 1 << (what >> 3 & 7)
        read = _accepted(partial(animated.parse, bytes(frame)))
        if read is None:
            continue
        result = assembler.add(read)
        if isinstance(result, animated.Assembled):
            assert result.sha256 == sha256(result.content).digest()
            assert result.sha256.startswith(read.whole.digest)
            assert (len(result.content), result.kind) == (read.whole.length, read.whole.kind)
        else:
            assert 0 <= result.received <= limits.ANIMATED_INDICES


_RULES: Final = FramingRules(max_bytes=64, report_bytes=128)


def serial_line(content: bytes) -> None:
    """The content is what the line does: 0xFF … 0xFC are silences and unplugging, every other byte is itself."""
    whole, single = Framer(_RULES), Framer(_RULES)
    codes: list[list[Frame]] = [[], []]
    thrown_away = [0, 0]
    came = 0

    def note(which: int, found: list[Frame | Garbage]) -> None:
        for each in found:
            if isinstance(each, Frame):
                codes[which].append(each)
            else:
                thrown_away[which] += each.byte_count

    run = bytearray()
    for byte in (*content, 0xFF):
        if byte < 0xFC:
            run.append(byte)
            continue
        came += len(run)
        note(0, whole.feed(bytes(run)))
        for each in run:
            note(1, single.feed(bytes((each,))))
        run.clear()
        for which, framer in enumerate((whole, single)):
            note(
                which, framer.unplugged() if byte == 0xFC else framer.silence({0xFF: 0.12, 0xFE: 0.05, 0xFD: 0.1}[byte])
            )
    assert codes[0] == codes[1]
    for printed, gone in zip(codes, thrown_away, strict=True):
        assert sum(len(each.text) for each in printed) + gone <= came
    for frame in codes[0]:
        assert frame.text.isascii()
        assert frame.text.isprintable()
        assert len(frame.text) <= _RULES.max_bytes


_PAYLOAD = ground.payload_of
_TEXTS: Final = tuple(text.encode("utf-8", "surrogatepass") for text in ground.VECTOR_TEXTS)
_OUR_TEXTS: Final = tuple(envelope.wrap(each).encode() for each in ground.PRESENTATIONS)
_ANIMATION: Final = animated.animate(bytes(range(256)) * 8, AnimatedKind.PORTRAIT)

TARGETS: Final[dict[str, Target]] = {
    "cbor": Target(cbor_value, (*ground.DOCUMENTS.values(), *ground.VECTOR_BYTES[:60], ground.RECEIPT)),
    "code-text": Target(code_text, (*_TEXTS, b"0123-456789", b"LC1:" + base45.encode(ground.CHALLENGE).encode())),
    "cose-key": Target(
        cose_key, tuple(cbor.encode(each.public_key.cose_key) for each in (ground.ROOT, ground.ISSUED.holder))
    ),
    "presentation": Target(presentation, (*ground.PRESENTATIONS, *ground.VECTOR_BYTES)),
    "presentation-by-insiders": Target(presentation_by_insiders, ground.INSIDERS),
    "foreign-by-insiders": Target(foreign_by_insiders, ground.INSIDERS),
    "appraisal": Target(
        whole_appraisal,
        (
            *_TEXTS,
            *(envelope.wrap(each).encode() for each in ground.PRESENTATIONS),
            *ground.PRESENTATIONS,
            ground.BUNDLE,
        ),
    ),
    "credential": Target(credential_alone, (ground.ISSUED.encoded, ground.VIEW.encoded)),
    "bundle": Target(presentations_in_a_bundle, (ground.BUNDLE, *ground.BUNDLE_VECTOR_BYTES)),
    "mandate": Target(mandate_claim, (cbor.encode(mandate.to_value(ground.MANDATE)),)),
    "trust-list": Target(
        _document(labels.TYP_TRUST, trust_list.verify, trust_list.sign),
        (_PAYLOAD(ground.DOCUMENTS["trust-list.cbor"]),),
    ),
    "catalogue": Target(
        _document(labels.TYP_CATALOGUE, catalogue.verify, catalogue.sign),
        (_PAYLOAD(ground.DOCUMENTS["catalogue.cbor"]),),
    ),
    "policy": Target(
        _document(labels.TYP_POLICY, appraisal_policy.verify, appraisal_policy.sign),
        (_PAYLOAD(ground.DOCUMENTS["policy.cbor"]),),
    ),
    "directory": Target(
        _document(labels.TYP_DIRECTORY, directory.verify, directory.sign),
        (_PAYLOAD(ground.DOCUMENTS["wallet-directory.cbor"]),),
    ),
    "status-token": Target(status_token, (_PAYLOAD(ground.DOCUMENTS["status-list.cbor"]),)),
    "status-list": Target(
        status_entries,
        tuple(
            cbor.encode(payload[labels.CLAIM_STATUS_LIST])
            for payload in [cbor.decode(_PAYLOAD(ground.DOCUMENTS["status-list.cbor"]))]
            if isinstance(payload, dict)
        ),
    ),
    "checkpoint": Target(region_checkpoint, (ground.CHECKPOINT, _PAYLOAD(ground.CHECKPOINT))),
    "co-signature": Target(co_signature, (ground.REVERSAL, _PAYLOAD(ground.REVERSAL))),
    "manifest": Target(manifest_by_one_or_both, (*ground.MANIFESTS, _PAYLOAD(ground.MANIFESTS[0]))),
    "feed": Target(
        feed_document_by_the_root,
        (
            feed_document.sign(ground.FEED_DOCUMENT, ground.STATUS_SIGNER),
            _PAYLOAD(feed_document.sign(ground.FEED_DOCUMENT, ground.STATUS_SIGNER)),
        ),
    ),
    "delta": Target(status_changes, (delta.encode(ground.DELTA, universe=7 << 20), ground.AGGREGATE)),
    "base": Target(status_base_object, (ground.BASE,)),
    "feed-bundle": Target(
        bundle_of_files,
        (feed_bundle.encode({"feed.cbor": b"1", "feed/base-2-41": bytes(30), "metadata/7.snapshot.json": b"{}"}),),
    ),
    "relay-request": Target(
        request_of_a_relay,
        (
            b'GET /feed/checkpoint.cwt HTTP/1.1\r\nHost: relay:8470\r\nIf-None-Match: "0f"\r\n\r\n',
            b"HEAD /targets/310000/feed/hints HTTP/1.0\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
        ),
    ),
    "package": Target(whole_package, (licence_package.encode(package()),)),
    "package-by-insiders": Target(package_by_insiders, (ground.PACKAGED,)),
    "paper": Target(paper_code, (ground.PAPER, _PAYLOAD(ground.PAPER), *ground.PAPER_VECTOR_BYTES)),
    "challenge": Target(terminal_challenge, (ground.CHALLENGE, _PAYLOAD(ground.CHALLENGE))),
    "dispute-note": Target(note_of_a_dispute, (ground.DISPUTE, _PAYLOAD(ground.DISPUTE))),
    "receipt": Target(
        terminal_receipt,
        (
            ground.RECEIPT,
            _PAYLOAD(ground.RECEIPT),
            receipt.encode_copy(receipt.ReceiptCopy(ground.RECEIPT, (None, bytes(32)))),
        ),
    ),
    "certificate": Target(certificate_of_a_terminal, (_PAYLOAD(ground.CERTIFICATE),)),
    "sealed": Target(sealed_presentation, (ground.SEALED,)),
    "frame": Target(animated_frame, (_ANIMATION.frame(0), _ANIMATION.frame(9), _ANIMATION.frame(200))),
    "assembler": Target(
        animated_assembler,
        (bytes((4, 0, *(each for index in range(8) for each in (0, index)))), bytes(range(256)), bytes(512)),
        is_script=True,
    ),
    "serial-line": Target(
        serial_line, (b"LZ1:ABC\r\n\xff\xffLZ1:DEF\r", b"\x02]Q3LZ1: A\t\xfe\xfcX\x80\xfd", b"\r\n\xff")
    ),
}
"""By name, as the command line knows them."""
