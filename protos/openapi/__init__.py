"""The calls in JSON as an OpenAPI document, made from the contracts: `gen/openapi.json`, which the gateway serves.

`python -m protos.openapi [OUT]` writes it. It only describes: what is taken and answered is the contracts' doing.
"""
