-- What earlier schemas have no columns and tables for. The database itself writes the names. In another month than what
-- was there before.
INSERT INTO events (tenant, sequence, event_id, occurred_at, recorded_at, action, actor, on_behalf_of, app, targets,
                    version, outcome, request_id, client_address, service, leaf_hash, app_id, leaf_format, maker)
SELECT :tenant, :apps * 3 + i, 'named' || i, :then, :then + interval '60 days', 'do.' || i % 20,
       CASE WHEN i % 3 = 0 THEN 'service:s' ELSE 'user:u' || i % 1000 END,
       CASE WHEN i % 3 = 0 THEN 'user:u' || i % 500 ELSE '' END, 'app' || i % 1000, ARRAY['NAME' || i % 1000], 1,
       1 + i % 3, '', '', 'config', sha256('x'), 'id' || i % 1000, 3, CASE WHEN i % 2 = 0 THEN 'user:m' || i % 300 ELSE '' END
FROM generate_series(1, :apps) i;
INSERT INTO logs (tenant) SELECT DISTINCT tenant FROM events ON CONFLICT DO NOTHING;
INSERT INTO sinks (sink) SELECT 'sink' || i FROM generate_series(1, 3) i;
INSERT INTO deliveries (sink, log_id, sequence) SELECT s.sink, l.log_id, 1 FROM sinks s CROSS JOIN logs l;
