"""Route choice in equilibrium: who may choose, what ways cost, how shares of ways answer. Pure."""
