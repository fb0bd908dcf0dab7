"""A wallet asks again where no answer came, waits as it is told, and gives up in the end."""

from dataclasses import dataclass, field

import pytest

from wallet_sdk.openid4vci import Answer, Patient, Request
from wallet_sdk.openid4vci.errors import IssuerUnreachable

REQUEST = Request("https://licences.example/token")
GOOD = Answer(200, b"{}")


@dataclass
class Network:
    """Gives these answers one after another; None is none."""

    answers: list[Answer | None]
    asked: int = 0
    waits: list[float] = field(default_factory=list)

    def __call__(self, request: Request) -> Answer:
        assert request is REQUEST
        self.asked += 1
        answer = self.answers.pop(0)
        if answer is None:
            raise IssuerUnreachable("dropped")
        return answer


def asked(*answers: Answer | None) -> tuple[Network, Answer]:
    network = Network(list(answers))
    return network, Patient(network, sleep=network.waits.append, tries=4, first_wait=0.5)(REQUEST)


def test_what_comes_at_once_is_not_waited_for() -> None:
    network, answer = asked(GOOD)
    assert (answer, network.waits) == (GOOD, [])


def test_each_wait_is_twice_the_one_before() -> None:
    network, answer = asked(None, None, None, GOOD)
    assert (answer, network.waits) == (GOOD, [0.5, 1.0, 2.0])


@pytest.mark.parametrize("status", [429, 503])
def test_an_issuer_that_is_busy_says_how_long(status: int) -> None:
    network, answer = asked(Answer(status, b"", 3), Answer(status, b""), GOOD)
    assert (answer, network.waits) == (GOOD, [3, 1.0])


@pytest.mark.parametrize("last", [Answer(503, b"", 60), Answer(400, b"", 1), Answer(500, b"")])
def test_what_takes_long_or_is_no_is_told(last: Answer) -> None:
    network, answer = asked(last)
    assert (answer, network.asked, network.waits) == (last, 1, [])


def test_in_the_end_the_last_word_counts() -> None:
    with pytest.raises(IssuerUnreachable):
        asked(None, None, None, None)
    assert asked(None, None, None, Answer(503, b"", 1))[1].status == 503
