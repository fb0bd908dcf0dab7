"""The clerk's window page: what the terminal decided, readable from two metres, on loopback only."""
