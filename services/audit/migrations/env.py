"""Alembic's entry: runs the migrations of `audit` as the owner role."""

from paaskit.migrations import run_environment
from services.audit.models import METADATA

run_environment(METADATA)
