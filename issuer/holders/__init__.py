"""What a person may ask an authority about themselves: everything that is held, and what may be erased."""
