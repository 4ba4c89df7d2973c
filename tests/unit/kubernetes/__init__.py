"""The cluster that tests have, where it can be tested without one."""
