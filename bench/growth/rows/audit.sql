INSERT INTO events (tenant, sequence, event_id, occurred_at, recorded_at, action, actor, on_behalf_of, app, targets,
                    version, outcome, request_id, client_address, service, leaf_hash, app_id, leaf_format)
SELECT CASE WHEN a % 2 = 0 THEN 'bench' ELSE 't' || a % 1000 END, 1000000 + (n - 1) * :apps + a,
       'event-' || a || '-' || n, now(), now(), (ARRAY[:actions])[n], 'user:bench', '', 'grown-' || a, '{NAME}', 1, 1, '', '',
       'config', sha256('x'), 'grown-' || a, 2
FROM generate_series(1, 10) n, generate_series(1, :apps) a;
