"""The display form of requests: what is asked for, in words of three languages, and its code as a path to draw.

Like `views`: pure. The words for the holder stand on a screen that others see too; they name items, never values.
"""

from collections.abc import Mapping, Sequence

from protocol.errors import SizeError
from protocol.labels import PREFIX_RECEIPT
from protocol.licence.catalogue import Catalogue, Kind
from protocol.qr import drawing, envelope
from protocol.terminal_certificate import Items
from verifier_terminal.appraisal.reasons import Language
from verifier_terminal.asking import Askable, OpenedRequest
from verifier_terminal.certification import Certification, Trouble
from verifier_terminal.errors import CertificateUnusable, KeyUnusable, TerminalError, TooManyRequests
from verifier_terminal.web.harmless import shown
from verifier_terminal.web.standing_views import Json, certificate_key
from verifier_terminal.web.texts import TAGS, in_language, say


def request_json(request: OpenedRequest, catalogue: Catalogue | None) -> Json:
    """One open request: its code, and for how long."""
    matrix = None if request.is_short else drawing.modules(request.text)
    return {
        "number": request.number,
        "is_short": request.is_short,
        "text": request.text,
        "seconds_left": request.seconds_left,
        "size": drawing.size_of(matrix) if matrix else 0,
        "path": drawing.svg_path(matrix) if matrix else "",
        "reason": None if request.reason is None else shown(request.reason),
        "slugs": [kind.slug for kind in _kinds(request.wanted, catalogue)],
        "views": {
            tag: [_kind_words(kind, request.wanted[kind.vct], language) for kind in _kinds(request.wanted, catalogue)]
            for language, tag in TAGS.items()
        },
    }


def copy_code_json(encoded_copy: bytes) -> Json | None:
    """The code that hands the holder's copy to the holder's wallet; None: no one code holds it."""
    try:
        matrix = drawing.modules(envelope.wrap(encoded_copy, PREFIX_RECEIPT))
    except SizeError:
        return None
    return {"size": drawing.size_of(matrix), "path": drawing.svg_path(matrix)}


def choices_json(askable: Mapping[int, Askable], catalogue: Catalogue | None) -> list[Json]:
    """The kinds that may be asked for, with what is asked of each."""
    return [
        {
            "slug": kind.slug,
            "views": {tag: _kind_words(kind, askable[kind.vct].usual, language) for language, tag in TAGS.items()},
        }
        for kind in _kinds({vct: each.usual for vct, each in askable.items()}, catalogue)
    ]


def wanted_of(slugs: Sequence[str], askable: Mapping[int, Askable], catalogue: Catalogue | None) -> Items:
    """The kinds of these slugs with what is usually asked of each; what may not be asked for is left out."""
    found = {vct: each for vct, each in askable.items() if catalogue is not None and vct in catalogue.kinds}
    named = {catalogue.kinds[vct].slug: vct for vct in found} if catalogue is not None else {}
    return {named[slug]: found[named[slug]].usual for slug in slugs if slug in named}


def trouble_views(trouble: TerminalError | None, certification: Certification) -> Json | None:
    """Why nothing is asked, by language."""
    if trouble is None:
        return None
    match trouble:
        case CertificateUnusable() | KeyUnusable():
            key = certificate_key(certification.trouble or Trouble.UNREADABLE)
        case TooManyRequests():
            key = "request.too_many"
        case _:
            key = "request.refused"
    return {tag: say(key, language) for language, tag in TAGS.items()}


def _kinds(wanted: Items, catalogue: Catalogue | None) -> list[Kind]:
    return [catalogue.kinds[vct] for vct in wanted if vct in catalogue.kinds] if catalogue else []


def _kind_words(kind: Kind, items: frozenset[int], language: Language) -> Json:
    return {
        "name": in_language(kind.names, language),
        "items": [in_language(item.labels, language) for item in kind.items if item.key in items],
    }
