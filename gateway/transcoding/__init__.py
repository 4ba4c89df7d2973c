"""gRPC for those who speak plain HTTP: what the gateway adds so that `curl` can call what the contracts declare.

How a method is called over HTTP stands in its contract (`google.api.http`). Envoy's transcoder makes gRPC of it, on the
routes that ask for it and on no other; services don't know the difference, and every rule about who may call is theirs.
"""
