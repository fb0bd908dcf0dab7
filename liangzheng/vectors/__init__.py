"""Test vectors against any implementation: the folder, our own answers, other programs' answers, the comparison."""
