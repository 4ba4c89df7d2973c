-- A tenant has a hundred at most.
INSERT INTO trusts
SELECT :tenant, 'trust' || i, 'name' || i, 'https://ci.example', 'other', 'a', 's', '{}', '{}', false, '{}', NULL, NULL, 900, 'me',
       NULL, '{}', 'token' || i, :then
FROM generate_series(1, 100) i;

INSERT INTO exchanges
SELECT :tenant, sha256(i::text::bytea), 'trust' || i % 100, 'token' || i, :then, clock_timestamp() + interval '1 day'
FROM generate_series(1, :apps) i;
