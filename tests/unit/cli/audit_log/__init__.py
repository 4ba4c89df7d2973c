"""Verifying the audit log, proving what is in it, and witnessing logs."""
