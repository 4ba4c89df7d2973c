INSERT INTO apps SELECT :tenant, 'id' || i, 'app' || i, 3 FROM generate_series(1, :apps) i;

INSERT INTO releases (tenant, app_id, number, change_id, kind, state, description, actor, started_at, finished_at)
SELECT :tenant, 'id' || i, n, 'change' || i || '-' || n, 'change', 'succeeded', '', 'me', :then, :then
FROM generate_series(1, :apps) i, generate_series(1, 3) n;

INSERT INTO releases (tenant, app_id, number, change_id, kind, state, description, actor, finished_at)
SELECT 'acme', 'id2', i, 'change' || i, 'change', 'superseded', '', 'me', :then FROM generate_series(4, :history) i;

INSERT INTO work SELECT :tenant, 'id' || i FROM generate_series(1, :apps) i;
INSERT INTO intents SELECT :tenant, 'id' || i, 'change', '{}', :then FROM generate_series(1, :apps) i;

INSERT INTO outbox (destination, key, payload, parked_at, parked_reason)
SELECT CASE WHEN i % 3 = 0 THEN 'releaser' ELSE 'audit' END, 'key' || i, 'x',
       CASE WHEN i % 100 = 0 THEN :then END, CASE WHEN i % 100 = 0 THEN 'REFUSED' END
FROM generate_series(1, :apps) i;

INSERT INTO requests SELECT :tenant, 'request' || i, 'me', 'Set', 'f', '{}', :then FROM generate_series(1, :apps) i;
