"""What the log is asked for is found by an index: who, which names, which kind of event; in the log's own order.

Every list of events (of an app, of an actor, of a name) is kept by kind: action, outcome, and whether a person did it.
Within a kind it is in the order of the log, so that a page is the first of a few short ranges, however long the log is.
"""

from typing import Final

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

# Whether somebody did it or had it done, and not a service by itself. Of comparisons alone, byte by byte: what has to
# be searched for under row-level security must not be able to leak, as LIKE and starts_with could.
_PERSONAL: Final = """(actor COLLATE "C" < 'service:' OR actor COLLATE "C" >= 'service;' OR on_behalf_of <> '')"""
_KIND: Final = f"action, outcome, ({_PERSONAL}), sequence"

_INDEXES: Final = f"""
CREATE INDEX IF NOT EXISTS events_by_kind ON events (tenant, {_KIND});
CREATE INDEX IF NOT EXISTS events_of_app ON events (tenant, app, {_KIND});
CREATE INDEX IF NOT EXISTS events_of_actor ON events (tenant, actor, {_KIND});
CREATE INDEX IF NOT EXISTS events_on_behalf_of ON events (tenant, on_behalf_of, {_KIND}) WHERE on_behalf_of <> '';
CREATE INDEX IF NOT EXISTS events_of_maker ON events (tenant, maker, {_KIND}) WHERE maker <> '';
"""
# The new ones do as well. Where two indexes begin alike, a plan may take the wrong one (docs/decisions/0030).
_DROPPED: Final = """
DROP INDEX events_by_app;
DROP INDEX events_by_action;
DROP INDEX events_by_app_and_action;
"""

# One row for each name that an event is about, so that a name is looked up like anything else.
_NAMES: Final = """
CREATE TABLE event_names (
    tenant text NOT NULL,
    name text NOT NULL,
    app text NOT NULL,
    action text NOT NULL,
    outcome smallint NOT NULL,
    personal boolean NOT NULL,
    sequence bigint NOT NULL,
    PRIMARY KEY (tenant, name, action, outcome, personal, sequence)
);
CREATE INDEX event_names_of_app ON event_names (tenant, app, name, action, outcome, personal, sequence);
ALTER TABLE event_names ENABLE ROW LEVEL SECURITY;
ALTER TABLE event_names FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_rows ON event_names USING (tenant = current_setting('paas.tenant')::tenant_id);
GRANT SELECT, INSERT ON event_names TO audit;
"""

# Written by the database itself, with the event or not at all, whichever release of the service appends it.
_TRIGGER: Final = f"""
CREATE FUNCTION name_events() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO public.event_names (tenant, name, app, action, outcome, personal, sequence)
    SELECT DISTINCT tenant, n.name, app, action, outcome, {_PERSONAL}, sequence
    FROM appended CROSS JOIN LATERAL unnest(targets) AS n (name);
    RETURN NULL;
END
$$;
REVOKE ALL ON FUNCTION name_events FROM PUBLIC;
CREATE TRIGGER events_are_named AFTER INSERT ON events
    REFERENCING NEW TABLE AS appended FOR EACH STATEMENT EXECUTE FUNCTION name_events();
"""

# Row-level security is forced on the owner too, who sees no rows under it; nobody else gets at the tables meanwhile.
_UNLOCK: Final = "ALTER TABLE events NO FORCE ROW LEVEL SECURITY; ALTER TABLE event_names NO FORCE ROW LEVEL SECURITY"
_LOCK: Final = "ALTER TABLE events FORCE ROW LEVEL SECURITY; ALTER TABLE event_names FORCE ROW LEVEL SECURITY"
# A batch is short enough for the time a statement may take.
_BATCH: Final = 50_000
_END_OF_BATCH: Final = f"""
    SELECT tenant, sequence FROM events WHERE (tenant, sequence) > (%(tenant)s, %(sequence)s)
    ORDER BY tenant, sequence OFFSET {_BATCH - 1} LIMIT 1"""
_LAST: Final = "SELECT tenant, sequence FROM events ORDER BY tenant DESC, sequence DESC LIMIT 1"
_NAME_BATCH: Final = f"""
    INSERT INTO event_names (tenant, name, app, action, outcome, personal, sequence)
    SELECT DISTINCT tenant, n.name, app, action, outcome, {_PERSONAL}, sequence
    FROM events CROSS JOIN LATERAL unnest(targets) AS n (name)
    WHERE (tenant, sequence) > (%(tenant)s, %(sequence)s) AND (tenant, sequence) <= (%(to_tenant)s, %(to_sequence)s)"""


def upgrade() -> None:
    for statements in (_NAMES, _TRIGGER, _UNLOCK):
        op.execute(statements)
    _name_all()
    for statements in (_LOCK, _INDEXES, _DROPPED):
        op.execute(statements)


def _name_all() -> None:
    """Write the names of the events there are, batch by batch."""
    connection = op.get_bind()
    last = connection.exec_driver_sql(_LAST).first()
    tenant, sequence = "", 0
    while last is not None and (tenant, sequence) != tuple(last):
        place = {"tenant": tenant, "sequence": sequence}
        end = connection.exec_driver_sql(_END_OF_BATCH, place).first() or last
        connection.exec_driver_sql(_NAME_BATCH, place | {"to_tenant": end.tenant, "to_sequence": end.sequence})
        tenant, sequence = end.tenant, end.sequence
