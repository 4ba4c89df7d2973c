"""Commands that ask the audit log, one module each. An event never holds a value."""
