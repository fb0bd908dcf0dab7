"""Newer versions of this program: what the repository of trust offers, fetched, tried, and switched to when closed."""
