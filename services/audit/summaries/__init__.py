"""Many events told in few lines: what was done to which name, by whom, how often, from when to when."""
