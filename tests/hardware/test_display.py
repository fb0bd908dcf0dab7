"""Customer displays: exact bytes, hostile and foreign text, and a cable that is pulled out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.display import Glass, VfdDisplay, frame
from hardware.output_errors import PrinterDied
from hardware.simulated.display import VirtualGlass

BOTH = ("请出示二维码", "SHOW YOUR CODE")
CHINESE = Glass(charset="gbk")


def test_the_bytes_of_both_character_sets() -> None:
    assert (
        frame(BOTH, CHINESE)
        == b"\x0c\x1f$\x01\x01\xc7\xeb\xb3\xf6\xca\xbe\xb6\xfe\xce\xac\xc2\xeb\x1f$\x01\x02SHOW YOUR CODE"
    )
    # An ASCII display has none of the first line, so that it shows the second one first.
    assert frame(BOTH, Glass()) == b"\x0c\x1f$\x01\x01SHOW YOUR CODE"


def test_what_the_character_set_lacks_is_replaced_visibly_in_its_width() -> None:
    assert frame(("A有B",), Glass()) == b"\x0c\x1f$\x01\x01A??B"


def test_lines_are_cut_at_the_glass_and_never_in_the_middle_of_a_character() -> None:
    assert frame(("一二三四五六七八九十百",), CHINESE).endswith("十".encode("gbk"))
    assert frame(("A" * 50, "B", "C"), Glass(columns=8)) == b"\x0c\x1f$\x01\x01AAAAAAAA\x1f$\x01\x02B"


@given(st.lists(st.text(max_size=60), max_size=4), st.sampled_from([Glass(), CHINESE]))
def test_nothing_of_a_text_can_be_a_command(lines: list[str], glass: Glass) -> None:
    sent = frame(lines, glass)
    shown = VirtualGlass(glass.columns, glass.rows)
    shown.write(sent, 1.0)
    assert all(len(row) <= glass.columns for row in shown.rows)
    assert all(byte >= 0x20 and byte != 0x7F for row in shown.rows for byte in row)
    # Exactly one clearing, and one movement a row.
    assert sent.count(b"\x0c") == 1
    assert sent.count(b"\x1f$\x01") == sum(1 for row in shown.rows if row)


def test_it_is_initialised_once_shown_on_and_cleared_at_the_end() -> None:
    glass = VirtualGlass()
    display = VfdDisplay("display:test", lambda: glass, Glass())
    display.show(BOTH)
    display.show(("VALID",))
    assert glass.rows == [b"VALID", b""]
    assert (glass.received.count(b"\x1b@"), glass.received.startswith(b"\x1b@\x0c")) == (1, True)
    display.close()
    assert (glass.rows, glass.closed) == ([b"", b""], True)


def test_a_display_that_was_pulled_out_is_opened_again_by_the_next_words() -> None:
    opened: list[VirtualGlass] = []

    def plug() -> VirtualGlass:
        opened.append(VirtualGlass())
        return opened[-1]

    display = VfdDisplay("display:test", plug, Glass())
    display.show(("ONE",))
    opened[0].is_there = False
    with pytest.raises(PrinterDied):
        display.show(("TWO",))
    assert opened[0].closed
    display.show(("THREE",))
    assert [each.rows[0] for each in opened] == [b"ONE", b"THREE"]
    display.close()
