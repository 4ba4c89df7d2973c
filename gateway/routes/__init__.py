"""What the gateway lets through: `table` has the routes in order, the others one kind of route each.

Routes of calls in JSON are in `gateway.transcoding`.
"""
