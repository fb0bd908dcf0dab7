"""How a terminal gets its certificates by itself: the first for a one-time token, the next for its own signature."""
