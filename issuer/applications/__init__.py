"""Applications for licences: filed, taken by a reviewer, sent back for more, refused or approved, and issued once."""
