"""All SQL of releaser. Locks are taken in one order everywhere: the app's row before its row in `work`, and apps by
tenant and id, as bytes.
"""
