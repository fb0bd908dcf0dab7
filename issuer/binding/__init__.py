"""Who is behind a device's key: evidence of identity, the key assurance that follows from it, and a time to wait."""
