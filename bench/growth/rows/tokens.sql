INSERT INTO tokens (tenant, token_id, kind, name, digest, permissions, creator, created_at, expires_at)
SELECT :tenant, 'grown-' || i, 'pat', 'grown-' || i, sha256(i::text::bytea), '{apps.read}', 'user:bench', now(),
       now() + interval '1 day'
FROM generate_series(1, :apps / 10) i;
