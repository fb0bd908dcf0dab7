"""`python -m liangzheng`: the command without its script."""

from liangzheng.cli import main

main(prog_name="liangzheng")
