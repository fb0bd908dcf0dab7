"""Paper codes: what a person without a phone carries."""
