"""The services of the gateway, a class each.

Generated from the contracts by `make gen`; don't edit it.
"""
