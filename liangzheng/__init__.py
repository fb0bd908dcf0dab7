"""The `liangzheng` command: composes the roles' own command groups."""
