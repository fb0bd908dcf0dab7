"""Receipts (核验回执) read by anybody: the trust they rest on, their values as JSON, their words for people."""
