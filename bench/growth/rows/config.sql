INSERT INTO apps (tenant, app_id, name, version, next_position, names, bytes)
SELECT :tenant, 'grown-' || i, 'grown-' || i, 1, 4, 3, 24 FROM generate_series(1, :apps) i;

INSERT INTO specs SELECT :tenant, 'grown-' || i, 1, NULL, '{}', '', 0, '' FROM generate_series(1, :apps) i;

INSERT INTO vars (tenant, app_id, name, valid_from, kind, value, addon, size, position)
SELECT :tenant, 'grown-' || i, 'NAME_' || n, 1, 'config', 'value', '', 8, n
FROM generate_series(1, :apps) i, generate_series(1, 3) n;
