INSERT INTO sessions (session, tenant, subject, sealed, started_at, seen_at, ends_at)
SELECT sha256(i::text::bytea), :tenant, 'user:' || i / 4, 'x', :then, :then, clock_timestamp() + interval '1 day'
FROM generate_series(1, :apps) i;

INSERT INTO pending
SELECT sha256(i::text::bytea), 'app' || n, 'x' FROM generate_series(1, :apps / 4) i, generate_series(1, 4) n;

INSERT INTO once
SELECT sha256(i::text::bytea), :tenant, 'user:' || i / 4, 'x', clock_timestamp() + interval '1 day'
FROM generate_series(1, :apps) i;

INSERT INTO signed_out
SELECT :tenant, 'user:' || i, :then FROM generate_series(1, :apps) i;
