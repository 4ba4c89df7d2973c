"""The value of a secret, by reference: a variable or a file that the host named, or random bytes made here.

It goes into the request to the platform and nowhere else. Must not say it, nor anything of it.
"""

import os
import secrets
from pathlib import Path

from pydantic import Field, model_validator

from paas_cli.agents.host import Allowed
from paas_cli.agents.schema import Input
from paas_cli.errors import Failure
from paas_cli.session import Session
from paas_cli.terminal.text import visible
from paas_cli.typed import secret_values
from paas_cli.typed.secret_values import Wanted


class Reference(Input):
    """Where a secret's value is. Exactly one of its fields."""

    env: str | None = Field(default=None, max_length=128, description="A variable that the person named for this.")
    file: str | None = Field(default=None, max_length=4096, description="A file that the person named for this.")
    random_bytes: int | None = Field(default=None, ge=16, le=256, description="So many random bytes, as base64url.")

    @model_validator(mode="after")
    def _one(self) -> "Reference":
        if sum(each is not None for each in (self.env, self.file, self.random_bytes)) != 1:
            raise ValueError("give exactly one of env, file and random_bytes")
        return self


def value(name: str, reference: Reference, session: Session, allowed: Allowed) -> str:
    """What a reference stands for. Raises Failure where the host did not name it, or nothing is there."""
    if reference.random_bytes is not None:
        return secrets.token_urlsafe(reference.random_bytes)
    if reference.env is not None:
        if reference.env not in allowed.secret_env:
            raise _not_named(name, "variable", "--secret-env NAME", list(allowed.secret_env))
        if not (found := session.surroundings.environ.get(reference.env, "")):
            raise Failure(f"Nothing was changed: {visible(reference.env)}, which is to be {visible(name)}, is empty.")
        return found
    path = allowed.secret_files.get(reference.file or "")
    if path is None:
        raise _not_named(name, "file", "--secret-file FILE", list(allowed.secret_files))
    return secret_values.from_file(path, session, Wanted(name, visible(name), ""))


def all_known(allowed: Allowed, session: Session) -> list[str]:
    """The values of all references there are now, to be masked. What can't be read is left out."""
    found = [session.surroundings.environ.get(name, "") for name in allowed.secret_env]
    readable = [path for path in allowed.secret_files.values() if os.access(path, os.R_OK)]
    found += [Path(path).read_text(encoding="utf-8", errors="replace") for path in readable]
    return [each for each in found if each]


def words(allowed: Allowed) -> str:
    """Which references there are, for the description of a tool."""
    env, files = ", ".join(allowed.secret_env) or "none", ", ".join(allowed.secret_files) or "none"
    return f"Variables named for this: {env}. Files: {files}."


def _not_named(name: str, what: str, option: str, named: list[str]) -> Failure:
    there = f" It names {', '.join(map(visible, named))}." if named else ""
    return Failure(
        f"Nothing was changed: the {what} that is to be {visible(name)} is not one that whoever started this named; "
        f"they do with `paas mcp {option}`.{there} `paas secrets:set {visible(name)} --stage` asks them for the value."
    )
