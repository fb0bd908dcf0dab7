"""How much of a foreign file is read at most."""

from typing import Final

MAX_COLUMNS: Final = 256
"""A kind has at most 64 items; the other columns are somebody else's and are left out."""
MAX_CELL_CHARACTERS: Final = 4_096
"""The longest item has 1,024 bytes."""
MAX_LINE_BYTES: Final = 1 << 20
"""A row of 256 columns, each as long as an item may be."""
MAX_ROWS: Final = 100_000_000
"""All licences of one kind in the largest region."""
MAX_WORKBOOK_BYTES: Final = 256 << 20
MAX_PART_BYTES: Final = 1 << 30
"""1,048,576 rows, which is what a sheet holds, of 20 cells of 50 bytes each."""
MAX_RATIO: Final = 200
"""Sheets of licences shrink to between a fifth and a thirtieth; a bomb to a thousandth."""
RATIO_COUNTS_FROM: Final = 16 << 20
"""Below this even a bomb does no harm, and a small sheet of equal rows is no bomb."""
MAX_PARTS: Final = 2_000
MAX_MAPPING_BYTES: Final = 100_000
BLOCK_ROWS: Final = 1_000
"""Rows of one transaction: short for whoever waits, long enough that its commit is a hundredth of its work."""
