"""Commands that verify the audit log, prove what is in it, and witness logs."""
