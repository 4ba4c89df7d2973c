INSERT INTO events
SELECT :tenant, i, 'event' || i, :then, :then, 'do.' || i % 20, 'me', '', 'app' || i % 1000, '{}', 1, 1, '', '', 'config',
       sha256('x'), 'id' || i % 1000, 2
FROM generate_series(1, :apps * 3) i;
