"""The document of the issuer's interface in OpenAPI 3.1, for operators' programs and for wallets."""
