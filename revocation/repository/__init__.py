"""The trust repository (TUF): what changes in days, signed by roots offline, one role for each region."""
