"""Alembic's entry: runs the migrations of `config` as the owner role."""

from paaskit.migrations import run_environment

run_environment()
