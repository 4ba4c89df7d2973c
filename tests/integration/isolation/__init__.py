"""Five tenants at once on the same connections, with faults in the middle: none sees anything of another."""
