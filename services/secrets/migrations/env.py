"""Alembic's entry: runs the migrations of `secrets` as the owner role."""

from paaskit.migrations import run_environment

run_environment()
