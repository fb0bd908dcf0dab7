"""Kinds that an authority adds to the catalogue by a file, and kinds that it issues no more."""
