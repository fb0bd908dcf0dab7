"""The appraisal: from a code and a context to a verdict. Pure: no I/O, no clock, no randomness, never raises."""
