INSERT INTO tenant_keys SELECT 'acme', i, 'x' FROM generate_series(1, 3) i;
INSERT INTO key_care SELECT 't' || i, :then, CASE WHEN i % 1000 = 0 THEN :then END
FROM generate_series(1, :apps) i;
INSERT INTO key_care SELECT 'acme', :then FROM generate_series(1, 1) i;
