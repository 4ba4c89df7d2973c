"""The catalogue of commands: data alone, so that completion, help and suggestions need to import none of them."""

from collections.abc import Mapping
from enum import IntEnum
from typing import NamedTuple


class Danger(IntEnum):
    """The most a command does. One that ends something stands above one whose work another such command undoes."""

    READ = 0
    WRITE = 1
    DESTROY = 2


class Entry(NamedTuple):
    """Where a command lives (`config.set`), its one line in the help, what it may do, and whether it takes -a."""

    module: str
    summary: str
    danger: Danger
    takes_app: bool = True


SECTIONS: Mapping[str, Mapping[str, Entry]] = {
    "Config vars": {
        "config": Entry("config.list", "List config vars.", Danger.READ),
        "config:get": Entry("config.get", "Print the value of config vars.", Danger.READ),
        "config:set": Entry("config.set", "Set config vars and release them.", Danger.WRITE),
        "config:unset": Entry("config.unset", "Unset config vars and release the change.", Danger.DESTROY),
        "config:edit": Entry("config.edit", "Edit config vars in your editor.", Danger.WRITE),
        "config:diff": Entry("config.diff", "Show how the variables of two apps differ.", Danger.READ),
        "config:copy": Entry("config.copy", "Copy config vars from one app to another.", Danger.WRITE, takes_app=False),
        "promote": Entry("config.promote", "Copy config vars from one app to the next.", Danger.WRITE, takes_app=False),
        "config:export": Entry("config.export", "Write config vars as a file.", Danger.READ),
        "config:import": Entry("config.import_", "Set config vars from a file.", Danger.WRITE),
    },
    "Secrets": {
        "secrets": Entry("secrets.list", "List the names of secrets.", Danger.READ),
        "secrets:set": Entry("secrets.set", "Seal secrets and release them.", Danger.WRITE),
        "secrets:import": Entry("secrets.import_", "Seal all variables of a file.", Danger.WRITE),
        "secrets:get": Entry("secrets.get", "Reveal secrets; the audit log records it.", Danger.READ),
        "secrets:seal": Entry("secrets.seal", "Make secrets of config vars.", Danger.WRITE),
        "secrets:rotate": Entry("secrets.rotate", "Give a secret a new value and release it.", Danger.DESTROY),
        "secrets:expire": Entry("secrets.expire", "Say until when a secret is to be replaced.", Danger.WRITE),
        "secrets:due": Entry(
            "secrets.due", "List secrets of all apps that need attention.", Danger.READ, takes_app=False
        ),
        "secrets:unset": Entry("secrets.unset", "Unset secrets and release the change.", Danger.DESTROY),
    },
    "Shared groups": {
        "groups": Entry("groups.list", "List groups of variables that apps share.", Danger.READ, takes_app=False),
        "groups:create": Entry("groups.create", "Make a group.", Danger.WRITE, takes_app=False),
        "groups:info": Entry("groups.info", "Show a group, and which apps have it.", Danger.READ, takes_app=False),
        "groups:attach": Entry("groups.attach", "Give a group's variables to an app.", Danger.WRITE),
        "groups:detach": Entry("groups.detach", "Take a group's variables from an app.", Danger.DESTROY),
        "groups:destroy": Entry(
            "groups.destroy", "Destroy a group with its variables.", Danger.DESTROY, takes_app=False
        ),
    },
    "Schema of variables": {
        "schema": Entry("schema.show", "Show what an app asks of its variables.", Danger.READ),
        "schema:check": Entry("schema.check", "Hold an app, or a .env file, against a schema.", Danger.READ),
        "schema:init": Entry("schema.init", "Write a schema of the variables an app has.", Danger.READ),
        "schema:set": Entry("schema.set", "Keep a schema with the app and release it.", Danger.WRITE),
        "schema:unset": Entry("schema.unset", "Take an app's schema away and release that.", Danger.DESTROY),
    },
    "Local programs": {
        "run": Entry("running.run", "Run a program on this machine with an app's variables.", Danger.READ),
        "shell": Entry("running.shell", "Open a shell on this machine with an app's variables.", Danger.READ),
        "mcp": Entry("mcp", "Serve a coding agent over the Model Context Protocol.", Danger.WRITE),
    },
    "Releases": {
        "releases": Entry("releases.list", "List releases, newest first.", Danger.READ),
        "releases:info": Entry("releases.info", "Show one release.", Danger.READ),
        "releases:watch": Entry("releases.watch", "Watch a release until it has ended.", Danger.READ),
        "releases:diff": Entry("releases.diff", "Show what changed between two releases.", Danger.READ),
        "releases:create": Entry("releases.create", "Release what is staged, or restart the app.", Danger.WRITE),
        "staged": Entry("staged.list", "List what is staged, and who staged it.", Danger.READ),
        "staged:discard": Entry("staged.discard", "Drop what is staged; what is live stays.", Danger.DESTROY),
        "rollback": Entry("releases.rollback", "Release the config of an earlier release again.", Danger.WRITE),
        "restart": Entry("releases.restart", "Replace every instance by one with the same variables.", Danger.WRITE),
    },
    "Apps": {
        "apps:list": Entry("apps.list", "List apps.", Danger.READ, takes_app=False),
        "apps:create": Entry("apps.create", "Register an app.", Danger.WRITE),
        "apps:info": Entry("apps.info", "Show an app and its instances.", Danger.READ),
        "logs": Entry("apps.logs", "Show what the instances of an app wrote.", Danger.READ),
        "ps": Entry("apps.ps", "List the instances of an app.", Danger.READ),
        "apps:update": Entry("apps.update", "Change what an app runs.", Danger.WRITE),
        "apps:destroy": Entry("apps.destroy", "Destroy an app with its variables and secrets.", Danger.DESTROY),
    },
    "Access": {
        "login": Entry("login", "Sign in.", Danger.WRITE, takes_app=False),
        "logout": Entry("logout", "Sign out.", Danger.WRITE, takes_app=False),
        "whoami": Entry("whoami", "Show who you are and what you may do.", Danger.READ, takes_app=False),
        "auth": Entry("auth.list", "List sign-ins, and which one is used.", Danger.READ, takes_app=False),
        "auth:switch": Entry("auth.switch", "Use another sign-in from now on.", Danger.WRITE, takes_app=False),
        "auth:rename": Entry("auth.rename", "Give a profile another name.", Danger.WRITE, takes_app=False),
        "open": Entry("dashboard.open", "Open the dashboard in a browser.", Danger.READ),
        "tokens:create": Entry("tokens.create", "Make a personal access token.", Danger.WRITE),
        "tokens:list": Entry("tokens.list", "List personal access tokens.", Danger.READ, takes_app=False),
        "tokens:rotate": Entry(
            "tokens.rotate", "Give a token a new text, under the same name.", Danger.WRITE, takes_app=False
        ),
        "tokens:revoke": Entry(
            "tokens.revoke", "Revoke a token, and every token made with it.", Danger.DESTROY, takes_app=False
        ),
        "tokens:trust:add": Entry(
            "tokens.trust.add", "Let jobs of a CI system get tokens without holding one.", Danger.WRITE
        ),
        "tokens:trust:list": Entry("tokens.trust.list", "List whose CI jobs get tokens.", Danger.READ, takes_app=False),
        "tokens:trust:test": Entry(
            "tokens.trust.test", "Say claim by claim whether a job's token is taken.", Danger.READ, takes_app=False
        ),
        "tokens:trust:remove": Entry(
            "tokens.trust.remove", "Give a CI system's jobs no tokens any more.", Danger.DESTROY, takes_app=False
        ),
        "tokens:exchange": Entry(
            "tokens.exchange", "In a CI job: get a token for the one its system gave.", Danger.WRITE, takes_app=False
        ),
        "tokens:report": Entry(
            "tokens.report", "End a token that got out, given its text.", Danger.WRITE, takes_app=False
        ),
    },
    "Audit log": {
        "audit": Entry("audit.list", "Show who did what.", Danger.READ),
        "audit:export": Entry("audit.export", "Write the audit log as JSON Lines.", Danger.READ),
        "incident": Entry("incident", "List what could have been read, and what to do.", Danger.READ),
        "audit:verify": Entry("audit_log.verify", "Verify the audit log.", Danger.READ, takes_app=False),
        "audit:checkpoint": Entry(
            "audit_log.checkpoint", "Show the audit log's checkpoint, verified.", Danger.READ, takes_app=False
        ),
        "audit:verify-proof": Entry("audit_log.verify_proof", "Verify a proof, offline.", Danger.READ, takes_app=False),
        "witness": Entry("audit_log.witness", "Cosign logs as an independent witness.", Danger.WRITE, takes_app=False),
    },
    "Keys": {
        "keys": Entry("keys.list", "Show the keys that secrets are sealed with.", Danger.READ, takes_app=False),
        "keys:rotate": Entry(
            "keys.rotate", "Make a new key and seal all secrets with it.", Danger.WRITE, takes_app=False
        ),
        "keys:shred": Entry("keys.shred", "Destroy the keys of all secrets for good.", Danger.DESTROY, takes_app=False),
    },
    "About": {
        "help": Entry("help", "Explain a command.", Danger.READ, takes_app=False),
        "completion": Entry(
            "completion", "Print a script that completes commands in a shell.", Danger.READ, takes_app=False
        ),
        "version": Entry("version", "Show the version of this program.", Danger.READ, takes_app=False),
    },
}

# Spellings people bring from elsewhere.
ALIASES = {
    "apps": "apps:list",
    "tokens": "tokens:list",
    "tokens:trust": "tokens:trust:list",
    "tokens:trusts": "tokens:trust:list",
    "config:list": "config",
    "secrets:list": "secrets",
    "groups:list": "groups",
    "schema:list": "schema",
    "releases:list": "releases",
    "staged:list": "staged",
    "keys:list": "keys",
    "audit:list": "audit",
    "auth:list": "auth",
    "auth:whoami": "whoami",
    "auth:login": "login",
    "auth:logout": "logout",
    "releases:rollback": "rollback",
}

# The nouns of commands whose app is no group: it has to run something, or to have groups.
OF_APPS_ALONE = frozenset({"apps", "groups", "logs", "ps", "schema"})

ENTRIES: Mapping[str, Entry] = {name: entry for section in SECTIONS.values() for name, entry in section.items()}
