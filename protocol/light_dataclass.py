"""The decorator of the values that every scan makes: frozen for the type checker, and not a second time while running.

`dataclass(frozen=True)` sets each field by a call of `object.__setattr__`. One verification makes a dozen values with
fifty fields, and these calls were 5 % of it (`python -m bench.verification`). To mypy this *is* `dataclass`, so that
code which sets a field of such a value is refused before it can be committed. While running, equality, hash, slots and
`dataclasses.replace` are the same, and only that refusal is missing.

Everything that is not made in every scan takes `dataclass` itself.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from dataclasses import dataclass as light_dataclass
else:

    def light_dataclass(*, frozen: Literal[True], slots: Literal[True]) -> Callable[[type], type]:
        """A dataclass with slots, compared and hashed by its fields."""
        return dataclass(slots=slots, unsafe_hash=frozen)


__all__ = ["light_dataclass"]
