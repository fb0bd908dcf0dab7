"""The LZ1 wire protocol: bytes in, values out. No I/O, no clock, no randomness."""
