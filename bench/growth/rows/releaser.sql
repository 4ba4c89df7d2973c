INSERT INTO apps (tenant, app_id, name, last_number)
SELECT :tenant, 'grown-' || i, 'grown-' || i, 3 FROM generate_series(1, :apps) i;

INSERT INTO releases (tenant, app_id, number, change_id, kind, state, description, actor, started_at, finished_at)
SELECT :tenant, 'grown-' || i, n, 'change-' || i || '-' || n, 'change', 'succeeded', '', 'user:bench', now(), now()
FROM generate_series(1, :apps) i, generate_series(1, 3) n;
