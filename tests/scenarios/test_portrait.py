"""A licence with a portrait, from the issuer's command to the terminal's; and one byte of another face on each way."""

from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from protocol import licence_package
from protocol.labels import AnimatedKind
from protocol.qr import animated
from tests.scenarios.conftest import Counter, Ran, run

ACCEPT = 0
PICTURE = Path(__file__).parents[2] / "docs" / "examples" / "portrait.webp"
COMPLETE = f"the portrait that the issuer signed is complete ({len(PICTURE.read_bytes())} bytes)"
SHOW = ("driving-licence", "--purpose", "window", "--text")


@pytest.fixture(scope="module")
def counter(make_counter: Callable[[], Counter]) -> Counter:
    """A counter, and in its folder a second phone whose licence has a portrait."""
    made = make_counter()
    phone = made.folder / "second"
    assert run("wallet", "init", phone).code == 0
    assert run("wallet", "key", phone, "--out", made.folder / "second.key").code == 0
    issued = run(
        "issuer", "issue", made.authority, "--kind", "driving-licence", "--subject", made.folder / "subject.json",
        "--holder-key", made.folder / "second.key", "--portrait", PICTURE, "--out", made.folder / "second.lz",
    )  # fmt: skip
    assert issued.code == 0, issued.err
    received = run("wallet", "receive", phone, made.folder / "second.lz")
    assert received.code == 0, received.err
    return made


def lines(counter: Counter) -> list[str]:
    """The pictures of one round: the code and the portrait's frames."""
    shown = run("wallet", "show", counter.folder / "second", *SHOW, "--disclose", "name,portrait", "--portrait")
    assert shown.code == 0, shown.err
    return shown.out.splitlines()


def appraise(counter: Counter, texts: list[str]) -> Ran:
    return run("terminal", "appraise", counter.terminal, "--json", "--text", "-", stdin="\n".join(texts))


def test_another_picture_in_the_package_is_refused_by_name(counter: Counter) -> None:
    package = licence_package.decode((counter.folder / "second.lz").read_bytes())
    assert package.portrait == PICTURE.read_bytes()
    other = bytes((*package.portrait[:-1], package.portrait[-1] ^ 1))
    swapped = counter.folder / "swapped.lz"
    swapped.write_bytes(licence_package.encode(replace(package, portrait=other)))
    refused = run("wallet", "receive", counter.folder / "second", swapped)
    assert refused.code == 1
    assert "PACKAGE_PORTRAIT_WRONG" in refused.err


def test_the_terminal_shows_the_portrait_beside_its_verdict(counter: Counter) -> None:
    pictures = lines(counter)
    assert [text[:4] for text in pictures] == ["LZ1:", "LP1:", "LP1:"]
    checked = appraise(counter, pictures)
    assert (checked.code, checked.json["class"]) == (ACCEPT, "accept"), checked.out + checked.err
    assert "portrait" in checked.json["claims"]
    assert COMPLETE in checked.err


def test_people_are_not_told_the_portraits_digest(counter: Counter) -> None:
    checked = run("terminal", "appraise", counter.terminal, "--text", "-", stdin="\n".join(lines(counter)))
    assert checked.code == ACCEPT
    assert "姓名" in checked.out
    assert sha256(PICTURE.read_bytes()).hexdigest()[:8] not in checked.out


@pytest.mark.parametrize("change", ["another face", "a frame too few", "the digest not shown"])
def test_no_portrait_but_the_signed_one_is_shown(counter: Counter, change: str) -> None:
    code, *frames = lines(counter)
    face = PICTURE.read_bytes()
    match change:
        case "another face":
            other = animated.animate(bytes((*face[:-1], face[-1] ^ 1)), AnimatedKind.PORTRAIT)
            frames = [other.text(number) for number in range(len(frames))]
        case "a frame too few":
            frames = frames[:-1]
        case _:
            shown = run("wallet", "show", counter.folder / "second", *SHOW, "--disclose", "name")
            code = shown.out.strip()
    checked = appraise(counter, [code, *frames])
    # The verdict does not wait for a portrait, and does not get better or worse by one.
    assert (checked.code, checked.json["class"]) == (ACCEPT, "accept"), checked.out + checked.err
    assert "portrait 1 of 2" in checked.err
    assert "is complete" not in checked.err


def test_a_phone_shows_no_portrait_that_was_not_agreed_to(counter: Counter) -> None:
    refused = run("wallet", "show", counter.folder / "second", *SHOW, "--disclose", "name", "--portrait")
    assert refused.code == 1
    assert "PORTRAIT_NOT_AGREED" in refused.err
