"""The licence package: read as it was written, and refused with any field of another form."""

from typing import Any

import pytest

from protocol import cbor, licence_package, limits
from protocol.errors import ProtocolError, SizeError
from protocol.licence_package import LicencePackage
from tests.utopia.world import WUYOU, World


def package(**fields: Any) -> LicencePackage:
    world = World()
    issued = world.credential().encoded
    usual: dict[str, Any] = {
        "licence_id": "L-1",
        "credentials": (issued, issued),
        "portrait": b"\x89PNG",
        "refresh_url": "https://authority.example/refresh",
        "directory": b"directory",
        "root": world.roots[WUYOU].public_key,
    }
    return LicencePackage(**{**usual, **fields})


@pytest.mark.parametrize(
    "fields", [{}, {"portrait": None}, {"refresh_url": None}, {"portrait": None, "refresh_url": None}]
)
def test_round_trip(fields: dict[str, Any]) -> None:
    written = package(**fields)
    assert licence_package.decode(licence_package.encode(written)) == written


WRONG: dict[int, tuple[Any, ...]] = {
    1: (2, 0, True, "1", None),
    2: (1, b"", None, "", "a" * 65, "a\nb", "a\u202eb", "a\x1b[2J"),
    3: ((), b"", (b"",) * 17, ("text",), None),
    4: ("text", 1, None),
    5: (b"", 1, None, "", "ftp://a", "javascript:a", "http://a\n", "http://a b", "https://é", "https://" + "a" * 493),
    6: ("text", None),
    7: (b"", None, {}, {1: True}),
}


@pytest.mark.parametrize(("label", "values"), WRONG.items())
def test_forged_fields(label: int, values: tuple[Any, ...]) -> None:
    content: Any = cbor.decode(licence_package.encode(package()))
    for value in values:
        with pytest.raises(ProtocolError):
            licence_package.decode(cbor.encode({**content, label: value}))


def test_shape() -> None:
    content: Any = cbor.decode(licence_package.encode(package()))
    for forged in (
        (),
        {},
        b"",
        {**content, 8: 1},
        *({k: v for k, v in content.items() if k != gone} for gone in (1, 2, 3, 6, 7)),
    ):
        with pytest.raises(ProtocolError):
            licence_package.decode(cbor.encode(forged))


def test_size() -> None:
    with pytest.raises(SizeError):
        licence_package.decode(bytes(limits.MAX_PACKAGE_BYTES + 1))
