"""Licences of people, places and companies that do not exist: for tests, load and demonstrations."""
