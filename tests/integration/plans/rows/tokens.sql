INSERT INTO tokens
SELECT :tenant, 'token' || i, 'pat', 'name' || i, sha256(i::text::bytea), '{}', NULL, 'me', 'token' || i / 10, :then,
       clock_timestamp() + interval '1 day'
FROM generate_series(1, :apps) i;

INSERT INTO outbox (destination, key, payload, parked_at, parked_reason)
SELECT CASE WHEN i % 3 = 0 THEN 'releaser' ELSE 'audit' END, 'key' || i, 'x',
       CASE WHEN i % 100 = 0 THEN :then END, CASE WHEN i % 100 = 0 THEN 'REFUSED' END
FROM generate_series(1, :apps) i;

INSERT INTO requests SELECT :tenant, 'request' || i, 'me', 'Set', 'f', '{}', :then FROM generate_series(1, :apps) i;
