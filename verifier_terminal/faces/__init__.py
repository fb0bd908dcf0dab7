"""The faces of a terminal beyond the clerk's window: what a screen shows, moved by tables."""
