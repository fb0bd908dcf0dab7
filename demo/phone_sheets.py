"""What the demonstration phone's page is told of a request: the consent sheet as JSON; and codes in pictures."""

import io
from collections.abc import Mapping
from typing import Any, Final

import click
import zxingcpp
from PIL import Image, UnidentifiedImageError

from protocol import labels
from protocol.licence.catalogue import Names
from wallet_sdk import consent_sheet
from wallet_sdk.consent import ConsentRequest
from wallet_sdk.errors import Language
from wallet_sdk.terminal_request import TerminalRequest

Json = dict[str, Any]
_QR_ONLY: Final = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCodeModel2)
_MAX_IMAGE_PIXELS: Final = 12_000_000


def names_json(names: Names) -> Mapping[str, str]:
    """The two languages of the page."""
    return {"zh_hans": names.zh_hans, "en": names.en}


def items_json(sheet: ConsentRequest) -> list[Json]:
    """What may be chosen of a card, mandatory items first; the page asks apart for what needs a consent of its own."""
    items = [(item, True) for item in sheet.mandatory] + [(item, False) for item in sheet.optional]
    return [
        {
            "name": item.name,
            "mandatory": mandatory,
            "separate": item in sheet.separate,
            "label": names_json(item.labels),
        }
        for item, mandatory in items
    ]


def request_json(asked: TerminalRequest) -> Json:
    """The consent sheet for the page: who, where, what for, why, which items of which cards, and every caution."""
    return {
        "relying_party": asked.asker.relying_party,
        "place": asked.asker.place,
        "asker": asked.asker.terminal or asked.asker.site,
        "purpose": names_json(consent_sheet.PURPOSES[asked.purpose]),
        "reason": asked.reason,
        "cautions": [
            {"code": str(each), "zh": each.text(Language.ZH_HANS), "en": each.text(Language.EN)}
            for each in asked.cautions
        ],
        "cards": [
            {
                "id": sheet.card.id,
                "name": names_json(sheet.card.names),
                "items": items_json(sheet),
                "always": [names_json(item.labels) for item in sheet.always_shown],
                "missing": [names_json(item.labels) for item in sheet.missing],
                "links": linking.name if (linking := asked.proposed_link(sheet)) is not None else None,
            }
            for sheet in asked.sheets
        ],
        "why_linked": names_json(consent_sheet.WHY_LINKED),
        "not_held": [names_json(each.names) for each in asked.missing if each.names is not None],
    }


def text_in(picture: bytes) -> str:
    """The text of the code in a picture that the holder chose."""
    try:
        with Image.open(io.BytesIO(picture)) as opened:
            if opened.width * opened.height > _MAX_IMAGE_PIXELS:
                raise click.UsageError("the picture is too large / 图片过大")
            found = zxingcpp.read_barcodes(opened.convert("L"), formats=_QR_ONLY)
    except (UnidentifiedImageError, OSError) as wrong:
        raise click.UsageError("this is no picture / 不是图片") from wrong
    texts = [each.text for each in found if each.text.startswith(labels.PREFIX_CHALLENGE)]
    if not texts:
        raise click.UsageError("no request was found in it / 图中没有查验请求")
    return texts[0]
