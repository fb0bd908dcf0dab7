"""A code's Reed-Solomon with erasures: what glare or a crack has drowned is known to be unknown, and costs half.

The bytes (codewords) of a code around which even the dark modules are bright are declared erased; what correction
capacity they leave is spent on errors, and a reserve of check bytes a block is left over (four, or two and what was
seen of the erased bytes), so that a block of nonsense passes with a chance of about 10^-9, and all blocks must pass.
The corrected modules are drawn again and read by zxing-cpp, which then finds nothing to correct. What a code that was
read must show is compared here too. Layout: ISO/IEC 18004 sections 7.6 (blocks), 7.7.3 (placement), 7.8 (masks).
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from qrcode.base import rs_blocks
from qrcode.constants import ERROR_CORRECT_H, ERROR_CORRECT_L, ERROR_CORRECT_M, ERROR_CORRECT_Q
from qrcode.util import mask_func

from hardware.camera.grid import Layout, Seen, Soft, layout

_LEVELS = {"L": ERROR_CORRECT_L, "M": ERROR_CORRECT_M, "Q": ERROR_CORRECT_Q, "H": ERROR_CORRECT_H}
_RESERVE = 4
# With fewer left over, a block is believed if the erased codewords' own bits bear it out, as far as no lamp drowned
# them: nonsense agrees with 14 of 14 once in 16,384 times, and must pass the check bytes that are left as well.
_BARE_RESERVE, _LEAST_CLEAR_BITS, _MOST_CLEAR_WRONG = 2, 14, 1 / 16
_ERASED_SHARES = (1.0, 0.75, 0.45)
# Fewer drowned modules than that are not why a code cannot be read; light is a share of the sensor's full scale.
_DROWNED_LIGHT = 0.4
_MIN_DROWNED_SHARE = 0.01


class Uncorrectable(ValueError):
    """More is wrong than the check bytes can tell. Never leaves this package."""


@dataclass(frozen=True, slots=True)
class _Placement:
    """Where the bits of a code stand.

    Attributes:
        rows, columns: of bit 0, 1, … in the order of placement, eight a codeword.
        blocks: for each block the numbers of its codewords, in its own order, and how many of them check.
    """

    rows: NDArray[np.intp]
    columns: NDArray[np.intp]
    blocks: tuple[tuple[NDArray[np.intp], int], ...]


@lru_cache(maxsize=16)
def _placement(version: int, level: str) -> _Placement:
    side = 17 + 4 * version
    free = ~layout(version).known
    free[:9, :9] = free[:9, side - 8 :] = free[side - 8 :, :9] = False
    if version >= 7:
        free[:6, side - 11 : side - 8] = free[side - 11 : side - 8, :6] = False
    rows: list[int] = []
    columns: list[int] = []
    upwards = True
    for right in range(side - 1, 0, -2):
        pair = right if right > 6 else right - 1  # the vertical timing pattern is stepped over
        for row in range(side - 1, -1, -1) if upwards else range(side):
            for column in (pair, pair - 1):
                if free[row, column]:
                    rows.append(row)
                    columns.append(column)
        upwards = not upwards
    kinds = rs_blocks(version, _LEVELS[level])
    members: list[list[int]] = [[] for _ in kinds]
    number = 0
    for at in range(max(block.data_count for block in kinds)):
        for which, block in enumerate(kinds):
            if at < block.data_count:
                members[which].append(number)
                number += 1
    checks = kinds[0].total_count - kinds[0].data_count
    for _ in range(checks):
        for block_members in members:
            block_members.append(number)
            number += 1
    blocks = tuple((np.array(block_members, np.intp), checks) for block_members in members)
    return _Placement(np.array(rows[: number * 8], np.intp), np.array(columns[: number * 8], np.intp), blocks)


@lru_cache(maxsize=64)
def _flips(version: int, level: str, mask: int) -> NDArray[np.bool_]:
    place, flipped = _placement(version, level), mask_func(mask)
    return np.array([flipped(row, column) for row, column in zip(place.rows, place.columns, strict=True)], bool)


@dataclass(frozen=True, slots=True)
class Words:
    """The codewords of a code that was read, in the order of placement."""

    version: int
    level: str
    mask: int
    values: NDArray[np.uint8]


def words_of(estimate: Soft, seen: Seen) -> Words:
    """The codewords of a code that could be read, its errors corrected.

    Raises:
        Uncorrectable: it could not be read.
    """
    place = _placement(seen.version, seen.level)
    values = _measured(estimate, seen.version, seen.level, seen.mask)
    for numbers, checks in place.blocks:
        values[numbers] = correct(values[numbers], [], checks, reserve=0)
    return Words(seen.version, seen.level, seen.mask, values)


def modules_of(words: Words) -> Soft:
    """The modules that show them: below zero where dark, zero where they say nothing."""
    place = _placement(words.version, words.level)
    plan = layout(words.version)
    modules = np.zeros((plan.side, plan.side), np.float32)
    dark = np.unpackbits(words.values).astype(bool) ^ _flips(words.version, words.level, words.mask)
    modules[place.rows, place.columns] = np.where(dark, -1.0, 1.0)
    return modules


def are_shown(words: Words, estimate: Soft, floor: Soft) -> bool:
    """Whether these modules are those of that code, and Reed-Solomon could correct them to nothing else.

    In every block what differs, erasures counted once and errors twice, is within what the check bytes correct less the
    reserve. Another code differs in more than all of them in every block that is not the same.
    """
    place = _placement(words.version, words.level)
    differs = _measured(estimate, words.version, words.level, words.mask) != words.values
    drowned: Soft | None = None
    for numbers, checks in place.blocks:
        wrong, spent = differs[numbers], checks - _RESERVE
        if 2 * int(wrong.sum()) <= spent:
            continue
        if drowned is None:
            drowned = floor[place.rows, place.columns].reshape(-1, 8).max(axis=1)
        erasing = wrong[np.argsort(-drowned[numbers])[:spent]]
        errors = int(wrong.sum()) - np.cumsum(erasing)
        if (np.arange(1, len(errors) + 1) + 2 * errors).min() > spent:
            return False
    return True


def _measured(estimate: Soft, version: int, level: str, mask: int) -> NDArray[np.uint8]:
    place = _placement(version, level)
    return np.packbits((estimate[place.rows, place.columns] < 0) ^ _flips(version, level, mask))


def corrected(estimate: Soft, floor: Soft, plan: Layout, seen: Seen) -> Soft:
    """The modules after correction.

    Args:
        estimate: below zero where a module is dark.
        floor: how bright the dark modules around it are.
        plan: of the version.
        seen: version, level and mask.

    Raises:
        Uncorrectable: with no share of erasures, or light is not the reason.
    """
    if float(np.mean(floor > _DROWNED_LIGHT)) < _MIN_DROWNED_SHARE:
        raise Uncorrectable
    place = _placement(seen.version, seen.level)
    flips = _flips(seen.version, seen.level, seen.mask)
    codewords = _measured(estimate, seen.version, seen.level, seen.mask)
    light = floor[place.rows, place.columns].reshape(-1, 8)
    fixed = codewords.copy()
    for numbers, checks in place.blocks:
        fixed[numbers] = _corrected_block(codewords[numbers], light[numbers], checks)
    whole = np.where(plan.known, np.where(plan.dark, -1.0, 1.0), estimate).astype(np.float32)
    whole[place.rows, place.columns] = np.where(np.unpackbits(fixed).astype(bool) ^ flips, -1.0, 1.0)
    return whole


def _corrected_block(block: NDArray[np.uint8], light: Soft, checks: int) -> NDArray[np.uint8]:
    """The block, its most drowned codewords erased.

    Args:
        block: its codewords.
        light: how bright the darkest modules around each of their bits are.
        checks: how many of them check.
    """
    order = np.argsort(-light.max(axis=1))
    for share in _ERASED_SHARES:
        try:
            return correct(block, order[: int((checks - _RESERVE) * share)].tolist(), checks, reserve=_RESERVE)
        except Uncorrectable:
            continue
    erased = order[: checks - _BARE_RESERVE]
    fixed = correct(block, erased.tolist(), checks, reserve=_BARE_RESERVE)
    # Erased codewords are seldom drowned with all their bits. The others were measured, and no use was made of it.
    clear = light[erased] <= _DROWNED_LIGHT
    changed = np.unpackbits(fixed[erased] ^ block[erased]).reshape(-1, 8).astype(bool)
    if clear.sum() < _LEAST_CLEAR_BITS or changed[clear].mean() > _MOST_CLEAR_WRONG:
        raise Uncorrectable
    return fixed


def _tables() -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    exponent = np.zeros(512, np.int64)
    logarithm = np.zeros(256, np.int64)
    value = 1
    for power in range(255):
        exponent[power] = exponent[power + 255] = value
        logarithm[value] = power
        value = value << 1 ^ (0x11D if value & 0x80 else 0)
    return exponent, logarithm


_EXP, _LOG = _tables()
# Single bytes are looked up faster in tuples than in arrays.
_EXP_OF, _LOG_OF = tuple(_EXP.tolist()), tuple(_LOG.tolist())


def _times(left: int, right: int) -> int:
    return _EXP_OF[_LOG_OF[left] + _LOG_OF[right]] if left and right else 0


def _product(left: list[int], right: list[int]) -> list[int]:
    """Of two polynomials, lowest power first."""
    short, long = sorted((left, right), key=len)
    result = np.zeros(len(left) + len(right) - 1, np.int64)
    others = np.array(long, np.int64)
    logarithms = _LOG[others]
    for at, factor in enumerate(short):
        if factor:
            result[at : at + len(long)] ^= np.where(others == 0, 0, _EXP[logarithms + _LOG_OF[factor]])
    return [int(value) for value in result]


def correct(block: NDArray[np.uint8], erased: list[int], checks: int, *, reserve: int) -> NDArray[np.uint8]:
    """Errors and erasures of one block over GF(256): Forney's syndromes, Berlekamp-Massey, Chien, Forney.

    Args:
        block: data and check bytes.
        erased: positions in it that are not believed.
        checks: how many bytes check.
        reserve: how many of them are not spent on correcting.

    Raises:
        Uncorrectable: it would take more.
    """
    length = len(block)
    powers = length - 1 - np.arange(length)
    syndromes = _syndromes(block, powers, checks)
    if not any(syndromes):
        return block
    locator = [1]
    for at in erased:
        root = _EXP_OF[int(powers[at]) % 255]
        locator = [here ^ _times(before, root) for here, before in zip([*locator, 0], [0, *locator], strict=True)]
    forney = _product(syndromes, locator)[len(erased) : checks]
    errors = _berlekamp_massey(forney)
    if 2 * (len(errors) - 1) + len(erased) > checks - reserve:
        raise Uncorrectable
    whole = _product(locator, errors)
    places = np.flatnonzero(_values(whole, (-powers) % 255) == 0)
    if len(places) != len(whole) - 1:
        raise Uncorrectable
    evaluator = _product(syndromes, whole)[:checks]
    slope = [coefficient if at % 2 else 0 for at, coefficient in enumerate(whole)][1:]
    inverse = (-powers[places]) % 255
    above, below = _values(evaluator, inverse), _values(slope, inverse)
    if (below == 0).any():
        raise Uncorrectable
    amount = np.where(above == 0, 0, _EXP[(_LOG[above] - _LOG[below] + powers[places]) % 255])
    fixed = block.copy()
    fixed[places] ^= amount.astype(np.uint8)
    if any(_syndromes(fixed, powers, checks)):
        raise Uncorrectable
    return fixed


def _syndromes(block: NDArray[np.uint8], powers: NDArray[np.intp], checks: int) -> list[int]:
    used = np.flatnonzero(block)
    turned = (_LOG[block[used]][None, :] + powers[used][None, :] * np.arange(checks)[:, None]) % 255
    return [int(value) for value in np.bitwise_xor.reduce(_EXP[turned], axis=1)]


def _values(polynomial: list[int], exponents: NDArray[np.intp]) -> NDArray[np.int64]:
    """The polynomial (lowest power first) at these powers of the generator."""
    result = np.zeros(len(exponents), np.int64)
    for power, coefficient in enumerate(polynomial):
        if coefficient:
            result ^= _EXP[(_LOG[coefficient] + power * exponents) % 255]
    return result


def _berlekamp_massey(syndromes: list[int]) -> list[int]:
    """The shortest locator of the errors, lowest power first."""
    now, before = [1], [1]
    length, shift, last = 0, 1, 1
    for at, syndrome in enumerate(syndromes):
        gap = syndrome
        for back in range(1, length + 1):
            gap ^= _times(now[back], syndromes[at - back]) if back < len(now) else 0
        if gap == 0:
            shift += 1
            continue
        factor = _times(gap, int(_EXP[255 - _LOG[last]]))
        taken = [0] * shift + [_times(factor, coefficient) for coefficient in before]
        longest = max(len(now), len(taken))
        following = [
            (now[power] if power < len(now) else 0) ^ (taken[power] if power < len(taken) else 0)
            for power in range(longest)
        ]
        if 2 * length <= at:
            now, before, length, shift, last = following, now, at + 1 - length, 1, gap
        else:
            now, shift = following, shift + 1
    while len(now) > 1 and now[-1] == 0:
        now.pop()
    return now
