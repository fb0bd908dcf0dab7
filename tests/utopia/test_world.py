"""The fictional world itself: repeatable, with persons who cannot exist, and at home with the authored kinds too."""

import pytest
from stdnum.cn import ric

from protocol.labels import Lic, Purpose
from tests.utopia import kinds, persons
from tests.utopia.randomness import Drbg
from tests.utopia.world import World


def test_two_worlds_are_the_same() -> None:
    assert World().code() == World().code()
    assert World().trust_bytes() == World().trust_bytes()
    assert World(seed="another").code() != World().code()


def test_streams_do_not_disturb_one_another() -> None:
    one, other = Drbg("seed"), Drbg("seed")
    other.fork("elsewhere")(100)
    assert one(5) + one(60) == other(65)
    assert Drbg("seed").fork("a")(32) != Drbg("seed").fork("b")(32)


@pytest.mark.parametrize("person", [persons.JIA, persons.YI, persons.BING])
def test_persons_have_a_right_check_digit_and_an_area_that_nobody_has(person: persons.Person) -> None:
    assert ric.calc_check_digit(person.citizen_id) == person.citizen_id[-1]
    assert person.citizen_id.startswith("99")
    with pytest.raises(ric.InvalidComponent):
        ric.validate(person.citizen_id)
    assert int(person.citizen_id[16]) % 2 == person.sex % 2


def test_the_first_person_is_the_one_of_the_contracts() -> None:
    assert persons.JIA.citizen_id == "990101194912310028"


def test_authored_kinds() -> None:
    """What the issuer's files say can be issued, shown and read, in both layouts."""
    world = World(kinds=kinds.authored_kinds())
    kind = world.kinds[kinds.DRIVING_LICENCE]
    names = {item.key for item in kind.items}
    items = {key: value for key, value in kinds.driving_licence_items().items() if key in names}
    flexible = world.credential(items=items)
    assert world.read(world.code(flexible, shown=(Lic.NAME,))).items[Lic.NAME] == persons.JIA.name
    for purpose in kind.views:
        view = world.credential(items=items, view=purpose)
        assert set(world.read(world.code(view)).items) == kind.views[purpose] & items.keys()
    assert world.knowledge().catalogue.kinds == world.kinds
    assert Purpose.WINDOW in kind.views
