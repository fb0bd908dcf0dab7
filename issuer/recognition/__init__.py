"""Which regions this authority's verifiers recognise, for which kinds and purposes (漫游)."""
