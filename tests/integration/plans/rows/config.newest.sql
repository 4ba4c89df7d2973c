UPDATE apps SET is_group = true WHERE app_id = 'id4';

INSERT INTO group_uses SELECT :tenant, 'id' || i, 'id' || i % 100, false FROM generate_series(1, :apps) i;
