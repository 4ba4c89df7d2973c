"""The services of the Python client, made from the contracts: `client/paas_client/services/`, and what documents them.

`python -m protos.client` writes them. A method is what the contract says and no more: what is convenient beside that is
written by hand, in `paas_client.client`.
"""
