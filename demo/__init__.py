"""The demonstration town: issuer, phone and counter, each through its public interface."""
