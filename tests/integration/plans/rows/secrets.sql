INSERT INTO apps SELECT :tenant, 'id' || i, 'app' || i, 1, 1 FROM generate_series(1, :apps) i;

INSERT INTO sealed
SELECT :tenant, 'id' || i, 'NAME' || n, 1, NULL, 'secret', 1, 'x', 1, n
FROM generate_series(1, :apps) i, generate_series(1, 3) n;

INSERT INTO sealed
SELECT 'acme', 'id2', 'LONG', i, CASE WHEN i < :history THEN i + 1 END, 'secret', 1, 'x', 1, 4
FROM generate_series(1, :history) i;

INSERT INTO drafts
SELECT :tenant, 'id' || i, 'NAME', 'set', 1, 1, 1, 'x', 1, NULL, 'me', :then FROM generate_series(1, :apps) i;

INSERT INTO held_names SELECT :tenant, 'id' || i, 'NAME', '{}' FROM generate_series(1, :apps) i;
INSERT INTO claims SELECT :tenant, 'id' || i, 'NAME', 'c' || i, :then FROM generate_series(1, :apps) i;
INSERT INTO overlap_ends SELECT :tenant, 'id' || i, 'NAME', 1, :then FROM generate_series(1, :apps) i;
INSERT INTO tenant_keys SELECT 't' || i, 1, 'x' FROM generate_series(1, :apps) i;

INSERT INTO outbox (destination, key, payload, parked_at, parked_reason)
SELECT CASE WHEN i % 3 = 0 THEN 'releaser' ELSE 'audit' END, 'key' || i, 'x',
       CASE WHEN i % 100 = 0 THEN :then END, CASE WHEN i % 100 = 0 THEN 'REFUSED' END
FROM generate_series(1, :apps) i;

INSERT INTO requests SELECT :tenant, 'request' || i, 'me', 'Set', 'f', '{}', :then FROM generate_series(1, :apps) i;
