"""Revisions of the register's tables, one file each in `versions`; Alembic runs what a register has not had yet.

A new table or column is one more file there, whose name begins with the next number, and whatever `metadata` says of it
in the branch's own schema. A revision is frozen: it names its columns itself and imports nothing that may change.
"""
