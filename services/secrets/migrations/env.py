"""Alembic's entry: run secrets' migrations."""

from paaskit.migrations import run_environment
from services.secrets.models import METADATA

run_environment(METADATA)
