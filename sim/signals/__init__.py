"""Signal control: plans as surveyed, exact programs, and the way from one to the other."""
