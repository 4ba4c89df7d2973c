INSERT INTO apps
SELECT :tenant, 'id' || i, 'app' || i, 1, 1, 1, 1, :then, CASE WHEN i % 50 = 0 THEN :then END
FROM generate_series(1, :apps) i;

INSERT INTO specs
SELECT :tenant, 'id' || i, 1, CASE WHEN i = 2 THEN 2 END, '{}', '', 1, '/' FROM generate_series(1, :apps) i;

INSERT INTO specs
SELECT 'acme', 'id2', i, CASE WHEN i < :history THEN i + 1 END, '{}', '', 1, '/' FROM generate_series(2, :history) i;

INSERT INTO vars
SELECT :tenant, 'id' || i, 'NAME' || n, 1, NULL, 'config', 'value', '', 9, n
FROM generate_series(1, :apps) i, generate_series(1, 3) n;

INSERT INTO vars
SELECT 'acme', 'id2', 'LONG', i, CASE WHEN i < :history THEN i + 1 END, 'config', 'value', '', 9, 4
FROM generate_series(1, :history) i;

INSERT INTO drafts
SELECT :tenant, 'id' || i, 'NAME', 'value', 9, 1, 'me', :then, 1 FROM generate_series(1, :apps) i;

INSERT INTO draft_specs
SELECT :tenant, 'id' || i, '{}', '', 1, '/', 1, 'me', :then, 1 FROM generate_series(1, :apps) i;

INSERT INTO attachments
SELECT :tenant, 'id' || i, 'NAME', 'a' || i, 'r' || i, 'me', true, true, :then FROM generate_series(1, :apps) i;

INSERT INTO outbox (destination, key, payload, parked_at, parked_reason)
SELECT CASE WHEN i % 3 = 0 THEN 'releaser' ELSE 'audit' END, 'key' || i, 'x',
       CASE WHEN i % 100 = 0 THEN :then END, CASE WHEN i % 100 = 0 THEN 'REFUSED' END
FROM generate_series(1, :apps) i;

INSERT INTO requests SELECT :tenant, 'request' || i, 'me', 'Set', 'f', '{}', :then FROM generate_series(1, :apps) i;
