"""Clients that no one here wrote call the running stack in JSON, through TLS, with what `docs/json.md` gives them.

- `operator` (`go/operator/`): External Secrets Operator's webhook provider, which is given the documented manifests;
- `terraform` (`go/terraform/`): Terraform's `http` provider, which is given the documented configuration;
- curl, which a shell runs with the documented lines.

The first two are built once and kept outside the clone (`programs.py`). Of what the document shows nothing is changed
but the gateway's address and the names of the app and the secret (`documented.py`).
"""
