"""The registry: apps, the names of their variables, and the values of plain config vars."""
