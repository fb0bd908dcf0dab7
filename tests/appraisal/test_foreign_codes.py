"""Every code that people hold out instead is named, and none of its text leaves."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.qr import envelope
from verifier_terminal.appraisal import foreign_codes
from verifier_terminal.appraisal.foreign_codes import ForeignCode, classify


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("", ForeignCode.EMPTY),
        ("wxp://f2f0abcdef", ForeignCode.PAYMENT),
        ("https://qr.alipay.com/fkx0000", ForeignCode.PAYMENT),
        ("HTTPS://QR.ALIPAY.COM/FKX0000", ForeignCode.PAYMENT),
        ("https://qr.95516.com/00010000/1", ForeignCode.PAYMENT),
        ("alipays://platformapi/startapp", ForeignCode.PAYMENT),
        ("134567890123456789", ForeignCode.PAYMENT),
        ("281234567890123456", ForeignCode.PAYMENT),
        ("6212345678901234567", ForeignCode.PAYMENT),
        ("00020101021126", ForeignCode.PAYMENT),
        ("https://example.test/a?b=c", ForeignCode.URL),
        ("mailto:a@example.test", ForeignCode.URL),
        ("javascript:alert(1)", ForeignCode.URL),
        ("www.example.test", ForeignCode.URL),
        ("https://example.test/qr.alipay.com/", ForeignCode.URL),
        ("HC1:NCFOXN", ForeignCode.HEALTH_CERTIFICATE),
        ("https://example.test/jkm?id=1", ForeignCode.HEALTH_CODE),
        ("健康码：绿码", ForeignCode.HEALTH_CODE),
        ("WIFI:T:WPA;S:x;P:y;;", ForeignCode.WIFI),
        ("BEGIN:VCARD\r\nVERSION:3.0\r\nN:甲\r\nEND:VCARD", ForeignCode.CONTACT),
        ("MECARD:N:x;;", ForeignCode.CONTACT),
        ("990101194912310028", ForeignCode.ID_NUMBER),
        ("990101199003070010", ForeignCode.ID_NUMBER),
        ("99010119900307001X", ForeignCode.ID_NUMBER),
        ("@\n\x1e\rANSI 636000", ForeignCode.ID_NUMBER),
        ("I<UTOD231458907<<<<<<<<<<<<<<<7408122F1204159UTO", ForeignCode.ID_NUMBER),
        ("6901234567892", ForeignCode.PRODUCT),
        ("LB1:ABC", ForeignCode.OURS_DAMAGED),
        ("LE1:ABC", ForeignCode.OURS_DAMAGED),
        ("LS1:ABC", ForeignCode.OURS_DAMAGED),
        (" ls1:abc", ForeignCode.OURS_DAMAGED),
        ("LC1:ABC", ForeignCode.OURS_TERMINAL),
        ("LT1:ABC", ForeignCode.OURS_TERMINAL),
        ("LP1:ABC", ForeignCode.OURS_FRAME),
        ("LZ2:ABC", ForeignCode.OURS_OTHER_KIND),
        ("lz1:6bf", ForeignCode.OURS_DAMAGED),
        (" LZ1:6BF", ForeignCode.OURS_DAMAGED),
        ("LZ1", ForeignCode.OURS_DAMAGED),
        ("LZ1:6", ForeignCode.OURS_DAMAGED),
        ("abc\x07def", ForeignCode.CONTROL_CHARACTERS),
        ("a\x7fbcd", ForeignCode.CONTROL_CHARACTERS),
        ("\x89PNG\r\n\x1a\n\x00\x00", ForeignCode.BINARY),
        ("\x01\x02\x03", ForeignCode.BINARY),
        ("abc\ufffddef", ForeignCode.BINARY),
        ("\udc80abc", ForeignCode.BINARY),
        ("A" * 2001, ForeignCode.TOO_LONG),
        ("A" * 2000, ForeignCode.UNKNOWN),
        ("你好", ForeignCode.UNKNOWN),
    ],
)
def test_it_is_named(text: str, named: ForeignCode) -> None:
    assert classify(text) is named


def test_every_prefix_of_ours_is_known() -> None:
    for prefix in envelope.PREFIXES:
        assert classify(prefix + "ABC") in (
            ForeignCode.OURS_OTHER_KIND,
            ForeignCode.OURS_DAMAGED,
            ForeignCode.OURS_TERMINAL,
            ForeignCode.OURS_FRAME,
        )


def test_every_name_stands_in_three_languages() -> None:
    assert foreign_codes.NAMES.keys() == set(ForeignCode)
    for names in foreign_codes.NAMES.values():
        assert names.zh_hans
        assert names.zh_hant
        assert names.en
        assert len(names.zh_hans) <= 20


@given(st.text(alphabet=st.characters(codec=None), max_size=300))
def test_any_text_has_a_name(text: str) -> None:
    assert classify(text) in ForeignCode
