"""What runs against a real Keycloak: `make test-keycloak`.

`server` starts one on this machine; `sign_in` signs people in at its pages, as they would in a browser.
"""
