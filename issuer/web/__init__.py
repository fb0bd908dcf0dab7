"""The web service of an issuer: operator API, packages by capability URL, published files."""
