"""The codes of the test sheet: one for each QR version that matters, with texts that are clearly tests.

Level L and alphanumeric mode, as real codes are drawn; the text fills its version, and says which one it is, so that a
scanner that cuts, translates or adds characters is found out. They begin with none of our prefixes.
"""

import string
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from qrcode.constants import ERROR_CORRECT_L
from qrcode.main import QRCode
from qrcode.util import MODE_ALPHA_NUM, QRData

VERSIONS: Final = (11, 14, 18, 22)
"""Portraits in moving pictures; counter and roadside; kiosk; one that nobody should need."""
USES: Final = {
    11: ("动态分帧码", "moving pictures"),
    14: ("窗口、路面", "counter, roadside"),
    18: ("自助机", "kiosk"),
    22: ("极限", "limit"),
}
_CHARACTERS: Final = {11: 468, 14: 667, 18: 1_046, 22: 1_460}
"""That fit, alphanumeric, level L (ISO/IEC 18004:2015, table 7)."""
# Every character of the alphanumeric mode, the space in the middle, where careless software strips nothing.
_ALPHABET: Final = string.digits + " $%*+-./:" + string.ascii_uppercase
QUIET_MODULES: Final = 4


@dataclass(frozen=True, slots=True)
class SheetCode:
    """One code of the sheet."""

    version: int
    text: str

    @property
    def modules(self) -> NDArray[np.bool_]:
        """True where it is dark, without quiet zone."""
        made: Any = QRCode(version=self.version, error_correction=ERROR_CORRECT_L, border=0)
        made.add_data(QRData(self.text.encode("ascii"), mode=MODE_ALPHA_NUM), optimize=0)
        made.make(fit=False)
        return np.array(made.get_matrix(), dtype=bool)

    @property
    def modules_across(self) -> int:
        """With the quiet zone on both sides."""
        return 17 + 4 * self.version + 2 * QUIET_MODULES


def sheet_code(version: int) -> SheetCode:
    """The code of this version: the same text on every sheet."""
    head = f"TEST:V{version:02}:"
    length = _CHARACTERS[version]
    # A step that shares no factor with 45 visits every character, each version in an order of its own.
    body = "".join(_ALPHABET[(number * (version + 2) + number // 45) % 45] for number in range(length - len(head) - 1))
    return SheetCode(version, f"{head}{body}A")


def all_codes() -> tuple[SheetCode, ...]:
    """Those of the sheet, the smallest first."""
    return tuple(sheet_code(version) for version in VERSIONS)
