"""Alembic's entry: runs the migrations of the dashboard as the owner role."""

from paaskit.migrations import run_environment

run_environment()
