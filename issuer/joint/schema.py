"""The register's table of licences that are one legal document: each holder has a licence of their own in it."""

from sqlalchemy import Column, ForeignKey, Integer, String, Table

from issuer.register_schema import metadata

joint_licence = Table(
    "joint_licence",
    metadata,
    Column("licence_id", ForeignKey("licence.id"), primary_key=True),
    Column("joint_id", String(32), nullable=False, index=True),
    Column("place", Integer, nullable=False),
)
"""`joint_id` is the id of the first holder's licence; `place` counts the holders from 0 on."""
