"""What people call our commands elsewhere: Heroku, Fly, Vercel, Vault, `gh`, the shell. Data only.

A word of one noun and one verb is looked up by both. Must not lead from a word to a command that does more than it.
"""

from collections.abc import Mapping

from paas_cli.program import Danger

_Words = Mapping[str, str]


def _each(groups: Mapping[str, str]) -> _Words:
    return {word: meaning for meaning, words in groups.items() for word in words.split()}


NOUNS: _Words = _each(
    {
        "config": "config configs configuration cfg env envs environment var vars variable variables setting settings",
        "secrets": "secret secrets vault",
        "releases": "release releases deploys deployment deployments rollouts history",
        "staged": "staged draft drafts",
        "apps": "app apps application applications project projects service services",
        "tokens": "token tokens pat pats",
        "sign-in": "auth session account user users",
        "audit": "audit events activity trail",
        "keys": "key keys kms",
    }
)

# What a verb does, by the words for it.
KINDS: _Words = _each(
    {
        "list": "list ls all index",
        "describe": "info describe inspect status",
        "get": "get show view read cat print reveal unseal",
        "set": "set put write save edit",
        "create": "create new add make register",
        "update": "update change modify scale",
        "remove": "remove rm delete del unset drop destroy clear erase purge revoke",
        "restart": "restart redeploy reload bounce",
        "rotate": "rotate renew regenerate roll",
        "roll back": "rollback undo revert",
        "export": "export pull download dump",
        "import": "import push upload load",
        "sign in": "login signin",
        "sign out": "logout signout",
        "identify": "whoami",
    }
)

# The most that a command may do that is suggested for a verb.
DANGERS: Mapping[str, Danger] = {
    "list": Danger.READ,
    "describe": Danger.READ,
    "get": Danger.READ,
    "set": Danger.WRITE,
    "create": Danger.WRITE,
    "update": Danger.WRITE,
    "remove": Danger.DESTROY,
    "restart": Danger.WRITE,
    "rotate": Danger.DESTROY,
    "roll back": Danger.WRITE,
    "export": Danger.READ,
    "import": Danger.WRITE,
    "sign in": Danger.WRITE,
    "sign out": Danger.WRITE,
    "identify": Danger.READ,
}

ANSWERS: Mapping[tuple[str, str], str] = {
    ("config", "list"): "config",
    ("config", "describe"): "config",
    ("config", "get"): "config",
    ("config", "set"): "config:set",
    ("config", "create"): "config:set",
    ("config", "update"): "config:set",
    ("config", "remove"): "config:unset",
    ("config", "restart"): "releases:create",
    ("config", "export"): "config:export",
    ("config", "import"): "config:import",
    ("secrets", "list"): "secrets",
    ("secrets", "describe"): "secrets",
    ("secrets", "get"): "secrets:get",
    ("secrets", "set"): "secrets:set",
    ("secrets", "create"): "secrets:set",
    ("secrets", "update"): "secrets:set",
    ("secrets", "remove"): "secrets:unset",
    ("secrets", "rotate"): "secrets:rotate",
    ("releases", "list"): "releases",
    ("releases", "describe"): "releases:info",
    ("releases", "get"): "releases:info",
    ("releases", "create"): "releases:create",
    ("releases", "restart"): "releases:create",
    ("releases", "roll back"): "rollback",
    ("staged", "list"): "staged",
    ("staged", "describe"): "staged",
    ("staged", "get"): "staged",
    ("staged", "remove"): "staged:discard",
    ("apps", "list"): "apps:list",
    ("apps", "describe"): "apps:info",
    ("apps", "get"): "apps:info",
    ("apps", "create"): "apps:create",
    ("apps", "set"): "apps:update",
    ("apps", "update"): "apps:update",
    ("apps", "remove"): "apps:destroy",
    ("apps", "restart"): "releases:create",
    ("apps", "roll back"): "rollback",
    ("tokens", "list"): "tokens:list",
    ("tokens", "describe"): "tokens:list",
    ("tokens", "get"): "tokens:list",
    ("tokens", "create"): "tokens:create",
    ("tokens", "remove"): "tokens:revoke",
    ("tokens", "rotate"): "tokens:rotate",
    ("sign-in", "list"): "whoami",
    ("sign-in", "identify"): "whoami",
    ("sign-in", "sign in"): "login",
    ("sign-in", "sign out"): "logout",
    ("audit", "list"): "audit",
    ("audit", "export"): "audit:export",
    ("keys", "list"): "keys",
    ("keys", "describe"): "keys",
    ("keys", "get"): "keys",
    ("keys", "rotate"): "keys:rotate",
}

# Where no command does it, what does instead; what stands in braces becomes a hint.
SENTENCES: Mapping[tuple[str, str], str] = {
    ("secrets", "export"): "secrets are never exported: {secrets:get NAME} reveals one, and is recorded.",
    ("secrets", "import"): "{secrets:set NAME=@path} reads the value of a secret from a file.",
    ("keys", "create"): "{keys:rotate} makes a new key.",
    ("tokens", "update"): "a token stays as it was made; {tokens:create} makes another.",
    ("releases", "remove"): "a release is never removed; {rollback vN} releases an earlier one again.",
}

# Words that are neither noun nor verb here, or mean one command alone.
WHOLE: _Words = {
    **_each(
        {
            "apps:info": "ps instances processes status info",
            "releases:create": "restart redeploy deploy ship",
            "staged:discard": "discard unstage",
            "apps:update": "scale",
            "whoami": "who me",
            "login": "signin",
            "logout": "signout",
        }
    ),
    **_each({"`paas --help` lists the commands, and `paas COMMAND --help` explains one.": "help"}),
    **_each({"{apps:info} says where each instance writes its log.": "logs log tail"}),
}
