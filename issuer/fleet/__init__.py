"""The operator's side of terminals in the field: what they report, and which of them needs somebody."""
