"""The check behind the gateway: from a presented credential to a signed identity, for every request at the edge."""
