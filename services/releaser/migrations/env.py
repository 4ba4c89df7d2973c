"""Alembic's entry: runs the migrations of `releaser` as the owner role."""

from paaskit.migrations import run_environment
from services.releaser.models import METADATA

run_environment(METADATA)
