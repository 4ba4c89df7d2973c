"""PostgreSQL: pools, transactions in which only one tenant's rows can be seen, and turns that replicas take."""

from paaskit.db.database import Database, Parameters, Row, Statement, see_tenant
from paaskit.db.open_transaction import refuse_in_transaction
from paaskit.db.pool import Connection
from paaskit.db.turns import Turn

__all__ = ["Connection", "Database", "Parameters", "Row", "Statement", "Turn", "refuse_in_transaction", "see_tenant"]
