"""Alembic's entry: runs the migrations of `audit` as the owner role."""

from paaskit.migrations import run_environment

run_environment()
