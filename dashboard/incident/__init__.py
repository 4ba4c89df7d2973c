"""Incidents as pages ask about them and show them. What follows from which facts is `paas_cli.incident.rules`."""
