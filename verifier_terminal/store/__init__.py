"""What the terminal keeps: one SQLite database in WAL mode with synchronous=FULL, and the anchor beside it."""
