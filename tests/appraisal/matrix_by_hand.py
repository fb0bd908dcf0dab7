"""TERMINAL.md's default matrix, copied by hand: what the tests of tables and of whole verdicts compare with.

One letter for each column: fresh (≤ 5 min), recent (≤ 1 h), ≤ 24 h, ≤ 72 h, ≤ 7 d, unknown. A accept, C check, H hold.
Nothing here is computed by the product; a place without a row of its own has its class's strictest one.
"""

from protocol.labels import Purpose
from protocol.licence.catalogue import RiskClass

L, M, G, X = RiskClass
W, K, P, S, O, R = Purpose  # window, kiosk, police, gate, hotel, airport  # noqa: E741 — one letter each, as in the tables

# An attended place whose staff compare faces.
ATTENDED = {
    (L, W): "AAAACC",
    (L, K): "AAACHH",
    (L, S): "AAACHH",
    (L, P): "AAACHH",
    (L, O): "AAACHH",
    (L, R): "AAACHH",
    (M, W): "AAACCC",
    (M, K): "AAHHHH",
    (M, S): "AAHHHH",
    (M, P): "AAHHHH",
    (M, O): "AAHHHH",
    (M, R): "AAHHHH",
    (G, W): "AAACCH",
    (G, P): "AAACCC",
    (G, O): "AAACHH",
    (G, R): "AAACHH",
    (G, K): "AAHHHH",
    (G, S): "AAHHHH",
    (X, W): "ACHHHH",
    (X, K): "AHHHHH",
    (X, S): "AHHHHH",
    (X, P): "AHHHHH",
    (X, O): "AHHHHH",
    (X, R): "AHHHHH",
}
# Where nobody attends a "check" is a "hold", and rows that need staff fall back.
UNATTENDED = {
    **{key: row.replace("C", "H") for key, row in ATTENDED.items()},
    (G, O): "AAHHHH",
    (G, R): "AAHHHH",
}
# Staff who do not compare faces.
NOT_COMPARED = {**ATTENDED, (G, W): "AAHHHH", (G, P): "AAHHHH"}
# Nobody at all.
NOBODY = {**UNATTENDED, (G, W): "AAHHHH", (G, P): "AAHHHH"}

PLACES = {
    "attended, faces compared": (ATTENDED, True, True),
    "unattended, faces compared": (UNATTENDED, False, True),
    "attended, faces not compared": (NOT_COMPARED, True, False),
    "unattended, faces not compared": (NOBODY, False, False),
}
"""The table, whether somebody attends, and whether faces are compared there."""
