"""Signed notes (c2sp.org/signed-note) and what is written as one: checkpoints and their cosignatures."""
