"""Runbooks: what to do when something has gone wrong, step by step, looked at first, with a way to rehearse it."""
