"""Events are kept by the month in which they were recorded, so that a month can be dropped; and what is kept of one.

What is there becomes one part, "of before", up to the end of the month of the migration. Nothing of it is copied or
changed; its indexes are taken over as they are. Uniqueness can't be had over parts but by the time: the places of a
log are unique within each part, and ids are in a table of their own (docs/decisions/0055).
"""

from typing import Final

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_PERSONAL: Final = """(actor COLLATE "C" < 'service:' OR actor COLLATE "C" >= 'service;' OR on_behalf_of <> '')"""
_KIND: Final = f"action, outcome, ({_PERSONAL}), sequence"

# Which parts there are, and where each tenant's log begins in each. Of a month without a part, whose rows are in the
# one for the rest, a log's beginning is noted as well.
_PERIODS: Final = """
CREATE TABLE periods (
    since timestamptz PRIMARY KEY,
    until timestamptz NOT NULL,
    CONSTRAINT periods_until CHECK (until > since)
);
CREATE TABLE log_periods (
    tenant text NOT NULL,
    since timestamptz NOT NULL,
    until timestamptz NOT NULL,
    first_sequence bigint NOT NULL,
    PRIMARY KEY (tenant, since)
);
"""
_IDS: Final = """
CREATE TABLE event_ids (
    tenant text NOT NULL,
    event_id text NOT NULL,
    sequence bigint NOT NULL,
    recorded_at timestamptz NOT NULL
);
"""
# What was dropped of a log: its events up to a place, by which rule, told by which event. Of these events the hashes
# stay, each in one row of those of its tile or of a part of it; and the entries that share their bundle with the first
# event that is kept, since that bundle is not dropped.
_DROPPED: Final = """
CREATE TABLE dropped (
    tenant text NOT NULL,
    up_to bigint NOT NULL CONSTRAINT dropped_up_to CHECK (up_to > 0),
    before timestamptz NOT NULL,
    rule text NOT NULL,
    told_in bigint NOT NULL CONSTRAINT dropped_told_in CHECK (told_in > up_to),
    dropped_at timestamptz NOT NULL,
    PRIMARY KEY (tenant, up_to)
);
CREATE TABLE dropped_hashes (
    tenant text NOT NULL,
    first_index bigint NOT NULL,
    hashes bytea NOT NULL CONSTRAINT dropped_hashes_width
        CHECK (octet_length(hashes) BETWEEN 32 AND 8192 AND octet_length(hashes) % 32 = 0),
    PRIMARY KEY (tenant, first_index)
);
CREATE TABLE edge_entries (
    tenant text PRIMARY KEY,
    first_index bigint NOT NULL,
    entries bytea NOT NULL
);
"""
_TENANTS: Final = ("log_periods", "event_ids", "dropped", "dropped_hashes", "edge_entries")

_UNLOCK: Final = "ALTER TABLE events NO FORCE ROW LEVEL SECURITY; ALTER TABLE event_names NO FORCE ROW LEVEL SECURITY"

# A part has no grants: the service's role gets at its rows through the whole alone. It has the same policy all the
# same, which is all that is left should somebody grant it something.
_NEW_PART: Final = """
CREATE FUNCTION make_part(whole text, part text) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    EXECUTE format('CREATE TABLE public.%I (LIKE public.%I INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', part, whole);
    EXECUTE format('ALTER TABLE public.%I ENABLE ROW LEVEL SECURITY', part);
    EXECUTE format('ALTER TABLE public.%I FORCE ROW LEVEL SECURITY', part);
    EXECUTE format('CREATE POLICY tenant_rows ON public.%I
        USING (tenant = current_setting(''paas.tenant'')::public.tenant_id)', part);
    EXECUTE format('ALTER TABLE public.%I ADD PRIMARY KEY (%s)', part, CASE whole
        WHEN 'events' THEN 'tenant, sequence'
        ELSE 'tenant, name, action, outcome, personal, sequence' END);
END
$$;
REVOKE ALL ON FUNCTION make_part FROM PUBLIC;
"""
# Rows that came while there was none are in the part for the rest; they are moved, which takes the lock that keeps
# everybody out of that part for as long as it takes, and out of no other.
_NEW_MONTH: Final = """
CREATE FUNCTION make_month(month date) RETURNS boolean
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    begins timestamptz := date_trunc('month', month::timestamp) AT TIME ZONE 'UTC';
    ends timestamptz := (date_trunc('month', month::timestamp) + interval '1 month') AT TIME ZONE 'UTC';
    whole text;
    part text;
BEGIN
    IF EXISTS (SELECT FROM public.periods p WHERE p.since < ends AND begins < p.until) THEN
        RETURN false;
    END IF;
    FOREACH whole IN ARRAY ARRAY['events', 'event_names'] LOOP
        part := whole || to_char(month, '"_"YYYY"_"MM');
        PERFORM public.make_part(whole, part);
        EXECUTE format('LOCK TABLE public.%I IN ACCESS EXCLUSIVE MODE', whole || '_rest');
        EXECUTE format('ALTER TABLE public.%I NO FORCE ROW LEVEL SECURITY', whole || '_rest');
        EXECUTE format('ALTER TABLE public.%I NO FORCE ROW LEVEL SECURITY', part);
        EXECUTE format('WITH moved AS (DELETE FROM public.%I WHERE recorded_at >= %L AND recorded_at < %L RETURNING *)
            INSERT INTO public.%I SELECT * FROM moved', whole || '_rest', begins, ends, part);
        EXECUTE format('ALTER TABLE public.%I FORCE ROW LEVEL SECURITY', whole || '_rest');
        EXECUTE format('ALTER TABLE public.%I FORCE ROW LEVEL SECURITY', part);
        EXECUTE format('ALTER TABLE public.%I ATTACH PARTITION public.%I FOR VALUES FROM (%L) TO (%L)',
            whole, part, begins, ends);
    END LOOP;
    INSERT INTO public.periods (since, until) VALUES (begins, ends);
    RETURN true;
END
$$;
REVOKE ALL ON FUNCTION make_month FROM PUBLIC;
"""

# What is there is renamed, and a whole made in its place, which has the same columns, rules and rights.
_EVENTS: Final = f"""
DROP TRIGGER events_are_named ON events;
DROP FUNCTION name_events;
REVOKE ALL ON events FROM audit;
ALTER TABLE events RENAME TO events_before;
ALTER INDEX events_pkey RENAME TO events_before_pkey;
ALTER INDEX events_by_app_id RENAME TO events_before_by_app_id;
ALTER INDEX events_by_kind RENAME TO events_before_by_kind;
ALTER INDEX events_of_app RENAME TO events_before_of_app;
ALTER INDEX events_of_actor RENAME TO events_before_of_actor;
ALTER INDEX events_on_behalf_of RENAME TO events_before_on_behalf_of;
ALTER INDEX events_of_maker RENAME TO events_before_of_maker;
ALTER TABLE events_before DROP CONSTRAINT events_once;
CREATE TABLE events (LIKE events_before INCLUDING DEFAULTS INCLUDING CONSTRAINTS) PARTITION BY RANGE (recorded_at);
CREATE INDEX events_by_app_id ON events (tenant, app_id, sequence);
CREATE INDEX events_by_kind ON events (tenant, {_KIND});
CREATE INDEX events_of_app ON events (tenant, app, {_KIND});
CREATE INDEX events_of_actor ON events (tenant, actor, {_KIND});
CREATE INDEX events_on_behalf_of ON events (tenant, on_behalf_of, {_KIND}) WHERE on_behalf_of <> '';
CREATE INDEX events_of_maker ON events (tenant, maker, {_KIND}) WHERE maker <> '';
"""
# Names did not say when. Those of before are in the part of before whatever they say: it has no beginning.
_NAMES: Final = """
REVOKE ALL ON event_names FROM audit;
ALTER TABLE event_names ADD COLUMN recorded_at timestamptz NOT NULL DEFAULT '1970-01-01 00:00Z';
ALTER TABLE event_names ALTER COLUMN recorded_at DROP DEFAULT;
ALTER TABLE event_names RENAME TO event_names_before;
ALTER INDEX event_names_pkey RENAME TO event_names_before_pkey;
ALTER INDEX event_names_of_app RENAME TO event_names_before_of_app;
CREATE TABLE event_names (LIKE event_names_before) PARTITION BY RANGE (recorded_at);
CREATE INDEX event_names_of_app ON event_names (tenant, app, name, action, outcome, personal, sequence);
"""
_CLOSE: Final = """
ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
ALTER TABLE {table} FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_rows ON {table} USING (tenant = current_setting('paas.tenant')::tenant_id);
"""
_ATTACH: Final = """
DO $$
DECLARE
    ends timestamptz := (date_trunc('month', now() AT TIME ZONE 'UTC') + interval '1 month') AT TIME ZONE 'UTC';
BEGIN
    EXECUTE format('ALTER TABLE events ATTACH PARTITION events_before FOR VALUES FROM (MINVALUE) TO (%L)', ends);
    EXECUTE format(
        'ALTER TABLE event_names ATTACH PARTITION event_names_before FOR VALUES FROM (MINVALUE) TO (%L)', ends);
    PERFORM make_part('events', 'events_rest');
    ALTER TABLE events ATTACH PARTITION events_rest DEFAULT;
    PERFORM make_part('event_names', 'event_names_rest');
    ALTER TABLE event_names ATTACH PARTITION event_names_rest DEFAULT;
    INSERT INTO periods (since, until) VALUES ('1970-01-01 00:00Z', ends);
    FOR after IN 0..2 LOOP
        PERFORM make_month((ends AT TIME ZONE 'UTC' + after * interval '1 month')::date);
    END LOOP;
END
$$;
INSERT INTO log_periods (tenant, since, until, first_sequence)
    SELECT l.tenant, p.since, p.until, first.sequence
    FROM logs l CROSS JOIN LATERAL (
        SELECT e.sequence FROM events_before e WHERE e.tenant = l.tenant ORDER BY e.sequence LIMIT 1) AS first
    CROSS JOIN periods p WHERE p.since = '1970-01-01 00:00Z';
"""

# Written by the database itself, with the event or not at all, whichever release of the service appends it. An id that
# is there already keeps its event out.
_TRIGGER: Final = f"""
CREATE FUNCTION note_events() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    WITH ids AS (
        INSERT INTO public.event_ids (tenant, event_id, sequence, recorded_at)
        SELECT tenant, event_id, sequence, recorded_at FROM appended)
    INSERT INTO public.event_names (tenant, name, app, action, outcome, personal, sequence, recorded_at)
    SELECT DISTINCT tenant, n.name, app, action, outcome, {_PERSONAL}, sequence, recorded_at
    FROM appended CROSS JOIN LATERAL unnest(targets) AS n (name);
    INSERT INTO public.log_periods (tenant, since, until, first_sequence)
    SELECT a.tenant,
           COALESCE(p.since, date_trunc('month', a.recorded_at AT TIME ZONE 'UTC') AT TIME ZONE 'UTC'),
           COALESCE(p.until,
                    (date_trunc('month', a.recorded_at AT TIME ZONE 'UTC') + interval '1 month') AT TIME ZONE 'UTC'),
           min(a.sequence)
    FROM appended a LEFT JOIN public.periods p ON p.since <= a.recorded_at AND a.recorded_at < p.until
    GROUP BY 1, 2, 3 ON CONFLICT DO NOTHING;
    RETURN NULL;
END
$$;
REVOKE ALL ON FUNCTION note_events FROM PUBLIC;
CREATE TRIGGER events_are_noted AFTER INSERT ON events
    REFERENCING NEW TABLE AS appended FOR EACH STATEMENT EXECUTE FUNCTION note_events();
"""
_GRANTS: Final = """
GRANT SELECT, INSERT ON events, event_names, event_ids, log_periods TO audit;
GRANT SELECT ON periods, dropped, dropped_hashes, edge_entries TO audit;
"""

# A batch is short enough for the time a statement may take.
_BATCH: Final = 50_000
_END_OF_BATCH: Final = f"""
    SELECT tenant, sequence FROM events_before WHERE (tenant, sequence) > (%(tenant)s, %(sequence)s)
    ORDER BY tenant, sequence OFFSET {_BATCH - 1} LIMIT 1"""
_LAST: Final = "SELECT tenant, sequence FROM events_before ORDER BY tenant DESC, sequence DESC LIMIT 1"
_ID_BATCH: Final = """
    INSERT INTO event_ids (tenant, event_id, sequence, recorded_at)
    SELECT tenant, event_id, sequence, recorded_at FROM events_before
    WHERE (tenant, sequence) > (%(tenant)s, %(sequence)s) AND (tenant, sequence) <= (%(to_tenant)s, %(to_sequence)s)"""


def upgrade() -> None:
    for statements in (_PERIODS, _IDS, _DROPPED, _UNLOCK, _EVENTS, _NAMES, _NEW_PART, _NEW_MONTH):
        op.execute(statements.replace(":", r"\:"))
    _note_ids()
    op.execute("ALTER TABLE event_ids ADD PRIMARY KEY (tenant, event_id)")
    op.execute(_ATTACH.replace(":", r"\:"))
    op.execute(_TRIGGER.replace(":", r"\:"))
    for table in ("events", "event_names", *_TENANTS):
        op.execute(_CLOSE.format(table=table).replace(":", r"\:"))
    for table in ("events_before", "event_names_before"):
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(_GRANTS)


def _note_ids() -> None:
    """Write the ids of the events there are, batch by batch."""
    connection = op.get_bind()
    last = connection.exec_driver_sql(_LAST).first()
    tenant, sequence = "", 0
    while last is not None and (tenant, sequence) != tuple(last):
        place = {"tenant": tenant, "sequence": sequence}
        end = connection.exec_driver_sql(_END_OF_BATCH, place).first() or last
        connection.exec_driver_sql(_ID_BATCH, place | {"to_tenant": end.tenant, "to_sequence": end.sequence})
        tenant, sequence = end.tenant, end.sequence
