INSERT INTO apps (tenant, app_id, name, version, next_position)
SELECT :tenant, 'grown-' || i, 'grown-' || i, 1, 11 FROM generate_series(1, :apps) i;

INSERT INTO sealed (tenant, app_id, name, valid_from, kind, generation, sealed, size, position)
SELECT :tenant, 'grown-' || i, 'SECRET_' || n, 1, 'secret', 1, sha256('x') || sha256('y'), 32, n
FROM generate_series(1, :apps) i, generate_series(1, 10) n;
