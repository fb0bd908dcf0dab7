"""A check's paper as a PDF page: the receipt (核验回执), what to do after a refusal, or a note with values (加注件).

Guaranteed: the page says what a slip says (`slips.Contents`), so it names items and never their values; of a refused or
held check it names no kind. Values stand on it only where policy says of every licence shown that the case file of this
purpose needs them, as the page of the terminal shows them (masked where policy masks), under a watermark that names the
unit that asked, the issuer, moment, reason and the day by which the paper is to be destroyed. The page is made in
memory and handed over: nothing of it touches the terminal's disk. The signed receipt rides in it (`page_drawing`), and
`liangzheng receipt verify` reads it there.

Not handled here: who may ask, and where the reader keeps it.
"""

from collections.abc import Iterator, Mapping
from typing import Protocol

from protocol import cbor, unixtime
from protocol.errors import Code
from protocol.labels import PREFIX_RECEIPT
from protocol.licence.catalogue import Catalogue, ItemType
from protocol.unixtime import DAY, UnixTime
from verifier_terminal import page_drawing
from verifier_terminal.appraisal.reasons import Reason
from verifier_terminal.appraisal.verdict import Licence, Verdict
from verifier_terminal.errors import NoReceipt
from verifier_terminal.page_drawing import Page, PageTooLong
from verifier_terminal.slips import Contents, SlipSession, check_of, words_of


class PageSession(SlipSession, Protocol):
    """The terminal's session as pages use it."""

    def put_on_file(self, number: str) -> Verdict:
        """What was shown. Raises: NoReceipt, ValuesNotForFile, OutOfOrder."""


class ReceiptPages:
    """See the module. Every method may be called by any thread."""

    def __init__(self, session: PageSession, *, reasons: Mapping[Code, Reason]) -> None:
        self._session = session
        self._contents = Contents(session, reasons=reasons)

    def page(self, number: str, reason: str | None = None, *, with_values: bool = False) -> bytes:
        """The page about this check.

        Args:
            number: The check's.
            reason: As for a slip.
            with_values: A note with values, for a case file that needs them.

        Raises:
            UnknownCheckNumber: There is no such check.
            ValuesNotForFile: Policy does not let this file have values.
            NoReceipt, CertificateUnusable, KeyUnusable, OutOfOrder: There is no receipt about it.
        """
        payload = check_of(self._session.explain(number))
        number = payload["check_number"]
        said = self._contents.of(payload, reason)
        slip, receipt = said.slip, said.receipt
        rows = list(slip.rows)
        if receipt is None or not slip.code.startswith(PREFIX_RECEIPT):
            code, extra = "", [("SHA-256", slip.code.removeprefix("sha256:"))] if slip.code else []
        else:
            code, extra = slip.code, []
        verify = words_of("small", "page_verify") if receipt is not None else ()
        values: tuple[tuple[str, str], ...] = ()
        watermark: tuple[str, ...] = ()
        title, values_title, small = slip.title, "", slip.small_print
        if with_values:
            if receipt is None:
                raise NoReceipt(f"{number}: nothing was accepted that a file could need")
            verdict = self._session.put_on_file(number)
            values = tuple(self._values(verdict))
            watermark = self._watermark(verdict, dict(rows))
            title, values_title = " ".join(words_of("title", "file_note")), " ".join(words_of("small", "page_values"))
            small = words_of("small", "page_note")
        try:
            return page_drawing.draw(
                Page(title, (*rows, *extra), code, (*small, *verify), receipt, values_title, values, watermark)
            )
        except PageTooLong as refused:
            raise NoReceipt(f"{number}: it does not fit one page") from refused

    def _values(self, verdict: Verdict) -> Iterator[tuple[str, str]]:
        catalogue = self._session.knowledge.catalogue if self._session.knowledge else None
        for each in _licences(verdict):
            kind = catalogue.kinds.get(each.vct) if catalogue else None
            yield "", f"{kind.names.zh_hans if kind else each.slug}（{each.authority}）"
            for name, value in (each.claims or {}).items():
                if not isinstance(value, bytes):
                    yield _label(catalogue, each.vct, name), _text(catalogue, each.vct, name, value)

    def _watermark(self, verdict: Verdict, rows: Mapping[str, str]) -> tuple[str, ...]:
        """Requesting unit, issuer, moment, reason, and until when: the shortest retention of the licences shown."""
        policy = self._session.knowledge.policy if self._session.knowledge else None
        found = [policy.row(each.vct, verdict.purpose, each.region) if policy else None for each in _licences(verdict)]
        days = min((row.retention_days for row in found if row is not None), default=0)
        until = unixtime.iso_local(UnixTime(verdict.at + days * DAY))[:10]
        unit, reason = rows.get(words_of("label", "relying_party")[0], ""), rows.get(words_of("label", "reason")[0], "")
        issuers = "、".join(dict.fromkeys(each.authority for each in _licences(verdict)))
        zh, en = words_of("small", "page_watermark")
        given = {
            "unit": unit,
            "issuer": issuers,
            "time": unixtime.iso_local(verdict.at),
            "reason": reason,
            "until": until,
        }
        return zh.format(**given), en.format(**given)


def _licences(verdict: Verdict) -> list[Licence]:
    return [each.licence for each in verdict.members or (verdict,) if each.licence is not None]


def _label(catalogue: Catalogue | None, vct: int, name: str) -> str:
    kind = catalogue.kinds.get(vct) if catalogue else None
    return next((item.labels.zh_hans for item in kind.items if item.name == name), name) if kind else name


def _text(catalogue: Catalogue | None, vct: int, name: str, value: cbor.Value) -> str:
    kind = catalogue.kinds.get(vct) if catalogue else None
    item = next((each for each in kind.items if each.name == name), None) if kind else None
    if item is not None and item.type is ItemType.DATE and type(value) is int:
        try:
            return unixtime.calendar_date(value).isoformat()
        except ValueError:
            return str(value)
    return str(value)
