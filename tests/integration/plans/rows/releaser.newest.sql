INSERT INTO pins SELECT :tenant, 'id' || i, n, 'id' || g, 'group', CASE n WHEN 3 THEN NULL ELSE g END, 1, 1
FROM generate_series(1, :apps) i, generate_series(1, 3) n, generate_series(1, 2) g;

INSERT INTO pins SELECT 'acme', 'id2', i, 'id4', 'group', 1, 1, 1 FROM generate_series(4, :history) i;

INSERT INTO members SELECT :tenant, 'id' || i, 3, 'id' || i, 'app' || i, 3 FROM generate_series(1, :apps) i;

INSERT INTO members SELECT 'acme', 'id2', 3, 'id' || i, 'app' || i, 3 FROM generate_series(4, 600, 2) i;
