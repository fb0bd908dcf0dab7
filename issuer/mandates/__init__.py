"""Who may show a licence for its holder: representatives, managers, agents, guardians, proxies."""
