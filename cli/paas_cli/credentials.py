"""Does a config var look like a credential that should have been a secret?

A guess that leads to a warning, never to a refusal. Must not show what it looked at.
"""

import re
from collections.abc import Mapping

from paas_cli.session import Session

_NAME = re.compile(r"KEY|TOKEN|SECRET|PASSWORD|CREDENTIAL", re.IGNORECASE)
# Published forms of tokens; a private key by its first line (RFC 7468).
_VALUE = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----"
    r"|\b(?:sk|rk)_(?:live|test)_[A-Za-z0-9]{8,}"  # Stripe
    r"|\bgh[pousr]_[A-Za-z0-9]{20,}|\bgithub_pat_[A-Za-z0-9_]{20,}"  # GitHub
    r"|\bglpat-[A-Za-z0-9_-]{16,}"  # GitLab
    r"|\bxox[abeoprs]-[A-Za-z0-9-]{10,}"  # Slack
    r"|\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"  # AWS access key ids
    r"|\bAIza[A-Za-z0-9_-]{30,}"  # Google API keys
    r"|\bnpm_[A-Za-z0-9]{30,}|\bpypi-[A-Za-z0-9_-]{30,}"
    r"|\bSG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}"  # SendGrid
    r"|\bpaas_pat_[A-Za-z0-9]{20,}"
    r"|\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\."  # JSON web tokens
)


def looks_like_one(name: str, value: str) -> bool:
    """Whether name or value suggests a credential; an empty value never does."""
    return bool(value) and (_NAME.search(name) is not None or _VALUE.search(value) is not None)


def warn_about(values: Mapping[str, str], session: Session) -> None:
    """Warn once about all that look like credentials, with the command that would seal them."""
    suspects = [name for name, value in values.items() if looks_like_one(name, value)]
    if not suspects:
        return
    what = "looks like a credential" if len(suspects) == 1 else "look like credentials"
    session.warn(
        f"{', '.join(suspects)} {what}, and config vars are kept as plain text; `paas secrets:set "
        f"{' '.join(suspects)}{session.app_option}` seals instead and asks for the value"
        f"{'' if len(suspects) == 1 else 's'} (`paas config:unset` first if a config var has the name)."
    )
