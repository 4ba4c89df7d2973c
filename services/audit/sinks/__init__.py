"""The log sent on to where an operator's people look: files, webhooks, collectors of OpenTelemetry (decision 53).

At least once, and in the order of each tenant's log. Must never hold up what appends or publishes.
"""
