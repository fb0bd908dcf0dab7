"""What a slip says about a check: the receipt's (核验回执), or whom to ask after a refusal or a hold; and printing it.

Guaranteed: a slip names kinds and items and never a value of one; of a refused or held check it does not even name the
kind, because the paper may be left lying about; each printed receipt is a signed one that the journal has a row of; a
second print says that it is a copy; nothing is signed while the printer says that it cannot print; a slip counts as
printed only when the printer said so.

Not handled here: how it is drawn, and who may ask for it. A page (`receipt_pages`) says the same as a slip.
"""

import threading
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from hashlib import sha256
from importlib import resources
from typing import Any, Final, Protocol, assert_never

from hardware.devices import PrinterState, Slip, SlipPrinter
from hardware.output_errors import PrinterCoverOpen, PrinterFault, PrinterOutOfPaper, PrinterSilent, SlipTooLarge
from protocol import cbor, cose_sign1, labels, terminal_certificate, unixtime
from protocol.errors import Code, SizeError
from protocol.labels import Purpose
from protocol.licence.catalogue import Catalogue
from protocol.qr import envelope
from protocol.receipt import ReceiptCopy
from verifier_terminal.appraisal.context import Knowledge
from verifier_terminal.appraisal.reasons import Language, Reason
from verifier_terminal.appraisal.verdict import Proceed, VerdictClass
from verifier_terminal.certification import Certification
from verifier_terminal.standing import TerminalStatus
from verifier_terminal.store.journal import JournalRow, Payload

_MOST_COUNTED: Final = 512
"""Far more checks than can be printed within the ten minutes in which there are receipts."""


class SlipSession(Protocol):
    """The terminal's session as slips use it."""

    @property
    def knowledge(self) -> Knowledge | None:
        """The signed statements that are held."""

    def explain(self, number: str) -> Sequence[JournalRow]:
        """What the journal says about a check. Raises: UnknownCheckNumber."""

    def receipt(self, number: str, reason: str | None = None) -> ReceiptCopy:
        """A new receipt. Raises: NoReceipt, CertificateUnusable, KeyUnusable, OutOfOrder."""

    def status(self) -> TerminalStatus:
        """How things stand."""


@dataclass(frozen=True, slots=True)
class Said:
    """What a check's paper says, and the signed receipt in it; None where it says what to do next instead."""

    slip: Slip
    receipt: bytes | None


class Slips:
    """Prints what `Contents` says. Every method may be called by any thread."""

    def __init__(self, session: SlipSession, printer: SlipPrinter, *, reasons: Mapping[Code, Reason]) -> None:
        """Takes the printer; it stays its opener's to close."""
        self._session = session
        self._printer = printer
        self._contents = Contents(session, reasons=reasons)
        self._lock = threading.Lock()
        self._printed: dict[str, int] = {}

    def print_slip(self, number: str, reason: str | None = None) -> None:
        """Prints what this check's visitor may take along.

        Args:
            number: The check's.
            reason: 申请事由 of a receipt; None: that of the request which was answered, or else the usual one here.

        Raises:
            UnknownCheckNumber: There is no such check.
            NoReceipt, CertificateUnusable, KeyUnusable, OutOfOrder: There is no receipt about it.
            HardwareError: Nothing can be said to have been printed, and why.
        """
        payload = check_of(self._session.explain(number))
        number = payload["check_number"]
        with self._lock:
            self._require_printer()
            before = self._printed.get(number, 0)
            self._print(self._contents.of(payload, reason, before).slip)
            while len(self._printed) >= _MOST_COUNTED:
                del self._printed[next(iter(self._printed))]
            self._printed[number] = before + 1

    def _print(self, slip: Slip) -> None:
        try:
            self._printer.print_slip(slip)
        except SlipTooLarge:
            if not slip.code.startswith(labels.PREFIX_RECEIPT):
                raise
            # A receipt about many licences on narrow paper: its digest still tells that it is this one.
            encoded = envelope.unwrap(slip.code, expected_prefix=labels.PREFIX_RECEIPT)
            self._printer.print_slip(replace(slip, code=_digest(encoded)))

    def _require_printer(self) -> None:
        """Nothing is signed and written down for a printer that cannot print it."""
        state, name = self._printer.state(), self._printer.name
        match state:
            case PrinterState.READY | PrinterState.PAPER_LOW | PrinterState.UNKNOWN:
                return
            case PrinterState.NO_PAPER:
                raise PrinterOutOfPaper(name)
            case PrinterState.COVER_OPEN:
                raise PrinterCoverOpen(name)
            case PrinterState.FAULT:
                raise PrinterFault(name)
            case PrinterState.OFFLINE:
                raise PrinterSilent(name)
            case _:
                assert_never(state)


class Contents:
    """The words of one check's paper, in Chinese with English beside it."""

    def __init__(self, session: SlipSession, *, reasons: Mapping[Code, Reason]) -> None:
        self._session = session
        self._reasons = reasons

    def of(self, payload: Payload, reason: str | None, before: int = 0) -> Said:
        """What the paper about this check says; a receipt is signed and written down first.

        Args:
            payload: The check's journal row.
            reason: As `Slips.print_slip`.
            before: How often it was printed before.

        Raises:
            NoReceipt, CertificateUnusable, KeyUnusable, OutOfOrder: There is no receipt about it.
        """
        if _goes_on(payload):
            return self._receipt(payload, reason, before)
        return Said(self._refusal(payload, before), None)

    def _receipt(self, payload: Payload, reason: str | None, before: int) -> Said:
        if reason is None and payload["answered"] != "challenge":
            reason = _texts()["purpose"][payload["purpose"]]["zh"]
        made = self._session.receipt(payload["check_number"], reason)
        status = self._session.status()
        catalogue = self._session.knowledge.catalogue if self._session.knowledge else None
        rows = [
            *_head(payload, status.certification, before),
            (_label("purpose"), _say("purpose", payload["purpose"])),
            (_label("reason"), _reason_in(made)),
            *((_label("shown"), each) for each in _shown(payload, catalogue)),
            (_label("result"), _say("result", payload["class"])),
            (_label("freshness"), _say("freshness", payload["status_grade"])),
        ]
        small = _texts()["small"]["receipt"]
        code = _code(made.receipt)
        slip = Slip(_texts()["title"]["receipt"]["zh"], tuple(rows), code, (small["zh"], small["en"]))
        return Said(slip, made.receipt)

    def _refusal(self, payload: Payload, before: int) -> Slip:
        small = _texts()["small"]["refusal"]
        rows = [
            *_head(payload, self._session.status().certification, before),
            (_label("result"), _say("result", payload["class"])),
            *(("", sentence) for sentence in self._sentences(payload)),
            (_label("call"), self._whom_to_call(payload)),
        ]
        return Slip(_texts()["title"]["refusal"]["zh"], tuple(rows), "", (small["zh"], small["en"]))

    def _sentences(self, payload: Payload) -> tuple[str, ...]:
        """What may be read to the citizen about the first reason, in both languages."""
        known = {str(code): reason for code, reason in self._reasons.items()}
        codes = [code for code, tier in payload["codes"] if tier != "information" and code in known]
        if not codes:
            return ()
        found = known[codes[0]]
        return found.texts(Language.ZH_HANS).citizen, found.texts(Language.EN).citizen

    def _whom_to_call(self, payload: Payload) -> str:
        knowledge, slug = self._session.knowledge, payload["kind"]
        kind = knowledge.catalogue.named(slug) if knowledge and slug else None
        row = None
        if knowledge and kind:
            row = knowledge.policy.row(kind.vct, Purpose[payload["purpose"].upper()], payload["region"] or "")
        return row.review_path if row else _say("small", "nobody")


def words_of(subject: str, name: str) -> tuple[str, str]:
    """Chinese and English of one text."""
    text = _texts()[subject][name]
    return text["zh"], text["en"]


def _code(encoded: bytes) -> str:
    """The receipt itself, so that the paper proves what it says; never the holder's copy."""
    try:
        return envelope.wrap(encoded, labels.PREFIX_RECEIPT)
    except SizeError:
        return _digest(encoded)


def _digest(encoded: bytes) -> str:
    return f"sha256:{sha256(encoded).hexdigest()}"


def check_of(rows: Sequence[JournalRow]) -> Payload:
    """The verdict's row among those about one check."""
    return next(row.payload for row in rows if row.payload and row.payload["event"] == "verdict")


def _goes_on(payload: Payload) -> bool:
    """Whether the visitor's business went on: else a slip says what to do next instead of what was proved."""
    return payload["class"] in {VerdictClass.ACCEPT, VerdictClass.CHECK} and payload["proceed"] != Proceed.NO


def _head(payload: Payload, certification: Certification, before: int) -> list[tuple[str, str]]:
    rows = []
    if before:
        copy = _texts()["label"]["copy"]
        rows.append(("", f"** {copy['zh'].format(n=before + 1)} {copy['en'].format(n=before + 1)} **"))
    rows.append((_label("check_number"), payload["check_number"]))
    if payload.get("case"):
        # The visitor's own queue number, by which the file finds the paper.
        rows.append((_label("case"), payload["case"]))
    rows.append((_label("time"), unixtime.iso_local(payload["at"]).replace("T", " ")))
    if certification.certificate is not None:
        rows.append((_label("relying_party"), certification.certificate.relying_party))
        rows.append((_label("place"), certification.certificate.place))
    return rows


def _shown(payload: Payload, catalogue: Catalogue | None) -> list[str]:
    """Each licence's kind and the names of the items that were shown."""
    said = []
    for each in payload["members"] or (payload,):
        kind = catalogue.named(each["kind"]) if catalogue and each["kind"] else None
        if kind is not None:
            items = (item.labels.zh_hans for item in kind.items if item.name in (each["items"] or ()))
            said.append(f"{kind.names.zh_hans}（{'、'.join(items)}）")
    return said


def _reason_in(made: ReceiptCopy) -> str:
    """As it was signed; the receipt was made a moment ago by this terminal."""
    parsed = cose_sign1.parse(
        cbor.decode(made.receipt),
        expected_typ=labels.TYP_RECEIPT,
        protected_labels=terminal_certificate.SIGNED_BY_TERMINAL,
    )
    payload = cbor.decode(parsed.payload)
    assert isinstance(payload, Mapping)
    return str(payload[labels.CLAIM_REASON])


@cache
def _texts() -> Mapping[str, Mapping[str, Mapping[str, str]]]:
    content: Any = tomllib.loads(resources.files("verifier_terminal").joinpath("slips.toml").read_text("utf-8"))
    return dict(content)


def _say(subject: str, name: str) -> str:
    text = _texts()[subject][name]
    return f"{text['zh']} {text['en']}"


def _label(name: str) -> str:
    return _texts()["label"][name]["zh"]
