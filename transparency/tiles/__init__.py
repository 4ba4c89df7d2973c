"""A log as files that never change (c2sp.org/tlog-tiles): their paths, their content, and reading them in distrust."""
