"""The audit log as pages ask for it, show it and prove it. An event never holds a value."""
