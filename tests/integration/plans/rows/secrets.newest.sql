INSERT INTO tenant_keys SELECT 'acme', i, 'x' FROM generate_series(1, 3) i;
INSERT INTO key_care SELECT 't' || i, :then, CASE WHEN i % 1000 = 0 THEN :then END
FROM generate_series(1, :apps) i;
INSERT INTO key_care SELECT 'acme', :then FROM generate_series(1, 1) i;

INSERT INTO reminders SELECT :tenant, 'id' || i, 'NAME', :then FROM generate_series(1, :apps) i;
INSERT INTO delivery_records DEFAULT VALUES;
UPDATE sealed SET expires_at = created_at, rotate_at = created_at WHERE name = 'NAME1' AND valid_to IS NULL;
