"""What may be wrong with a run or a count: the closed list of findings and the ledger of fates."""
