"""Before against after: paired differences, intervals, verdicts, and how many replicates they need."""
