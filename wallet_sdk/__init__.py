"""The wallet: holds licences and shows them as dynamic codes."""
