"""What stands in the picture: prefixes and base45 text."""
