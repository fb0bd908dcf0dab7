"""Status of licences: lists, coverage and freshness. Signs and reads nothing by itself."""
