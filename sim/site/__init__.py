"""One place as it is: its facts, its street network, where it is measured; nothing here knows a policy."""
