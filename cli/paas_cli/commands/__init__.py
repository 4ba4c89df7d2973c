"""The commands. A module is imported only when its command runs.

Each has an options object, a builder that only parses (`command`) and a `run` that only acts.
"""
