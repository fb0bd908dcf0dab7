"""Whether a keyboard scanner may be taken for this program alone; pure.

A keyboard scanner types into whatever window is open, so it is read only when no other program gets its keys. Taking
it away is safe for a scanner and would lock everybody out if it were the machine's keyboard. So what does not call
itself a scanner, by its maker or its name, is taken only if another keyboard is left; and a built-in one never.

Not handled here: permissions, and whether another program has it; opening it shows that.
"""

from collections.abc import Sequence

from hardware.errors import HardwareError, WedgeBuiltInKeyboard, WedgeNotAKeyboard, WedgeOnlyKeyboard
from hardware.hid_scanner.nodes import InputNode

# linux/input.h: the keyboard port of the machine (PS/2 and what laptops emulate), and keyboards soldered to the board.
_BUILT_IN_BUSES = frozenset([0x11, 0x18, 0x19, 0x1C])
_SCANNER_WORDS = ("scan", "barcode", "bar code", "qr ", "imager", "扫码", "扫描")


def looks_like_a_scanner(node: InputNode, scanner_makers: Sequence[str]) -> bool:
    """By its maker or its name; it types letters."""
    named = node.product.lower()
    return node.types_letters and (node.vid in scanner_makers or any(word in named for word in _SCANNER_WORDS))


def why_unsafe(node: InputNode, all_nodes: Sequence[InputNode], scanner_makers: Sequence[str]) -> HardwareError | None:
    """What speaks against taking this device away from all other programs; None if nothing does.

    Args:
        node: the device.
        all_nodes: every input device of the machine.
        scanner_makers: USB numbers of makers of scanners.
    """
    if not node.types_letters:
        return WedgeNotAKeyboard(node.path, node.product)
    if node.bus in _BUILT_IN_BUSES:
        return WedgeBuiltInKeyboard(node.path, node.product)
    if looks_like_a_scanner(node, scanner_makers):
        return None
    # A device may have several event nodes; they share the port, up to the number of the interface.
    others = [each for each in all_nodes if each.types_letters and _port(each) != _port(node)]
    if all(looks_like_a_scanner(each, scanner_makers) for each in others):
        return WedgeOnlyKeyboard(node.path, node.product)
    return None


def _port(node: InputNode) -> str:
    return node.physical.rsplit("/", 1)[0] or node.path
