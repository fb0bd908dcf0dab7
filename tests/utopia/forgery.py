"""What a forgery is: one named change of one field of a good presentation, and the one reason that must answer it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from typing import Any

from protocol.errors import Code
from protocol.labels import Alg, Purpose
from tests.utopia.sketch import Sketch
from tests.utopia.world import Issued, World

Change = Callable[[Sketch], None]


class Attacker(StrEnum):
    """Who could make this, hence whose signatures are made anew after the change."""

    STRANGER = "a stranger with the picture"
    HOLDER = "a holder with a device key and a good credential"
    FALSE_ISSUER = "somebody who pretends to be an issuer"
    ISSUER = "an honest issuer that makes a mistake, or a dishonest one"


@dataclass(frozen=True)
class Forgery:
    """One operator of the factory."""

    name: str
    code: Code
    attacker: Attacker
    change: Change
    base: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.name

    def make(self, world: World) -> str:
        """The forged text."""
        sketch = good_sketch(world, **self.base)
        self.change(sketch)
        return sketch.code()


def good_sketch(
    world: World,
    *,
    issuer_alg: Alg = Alg.ED25519,
    holder_alg: Alg = Alg.ESP256,
    view: Purpose | None = None,
    number: int = 0,
) -> Sketch:
    """A good presentation in parts. `number` gives another credential of the same form."""
    return Sketch(world, _issued(world, issuer_alg, holder_alg, view, number))


@lru_cache(maxsize=256)
def _issued(world: World, issuer_alg: Alg, holder_alg: Alg, view: Purpose | None, number: int) -> Issued:
    holder = world.holder(f"甲的手机 {number}", holder_alg)
    claims = world.claims(holder=holder, idx=4711 + number)
    return world.credential(holder=holder, issuer_alg=issuer_alg, view=view, claims=claims)


# Changes that many forgeries share.


def put(part: str, key: Any, value: Any) -> Change:
    """This entry of a map, replaced or added."""

    def change(sketch: Sketch) -> None:
        getattr(sketch, part)[key] = value

    return change


def drop(part: str, key: Any) -> Change:
    """This entry of a map, left out."""

    def change(sketch: Sketch) -> None:
        del getattr(sketch, part)[key]

    return change


def let(part: str, value: Any) -> Change:
    """A part replaced as a whole."""

    def change(sketch: Sketch) -> None:
        setattr(sketch, part, value)

    return change


def both(*changes: Change) -> Change:
    """Several steps that together change one thing."""

    def change(sketch: Sketch) -> None:
        for each in changes:
            each(sketch)

    return change
