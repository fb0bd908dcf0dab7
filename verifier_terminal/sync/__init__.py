"""How newer signed documents reach the terminal, and what happens when they do not."""
