"""The issuer's keys in use: which signs what and since when, departments, tokens, bans."""
