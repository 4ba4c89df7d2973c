#!/bin/sh
# Run once by the image's entry point, as superuser over its own socket.
exec psql -v passwords=/etc/paas/passwords -f /etc/paas/databases/databases.sql postgres
