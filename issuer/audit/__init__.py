"""The trail of everything that was done in the register: append-only, hash-chained, sealed in order (ADR 0033)."""
