"""What people call our commands elsewhere: Heroku, Fly, Vercel, Vault, `gh`, the shell. Data only.

A word of one noun and one verb is looked up by both. Must not lead from a word to a command that does more than it.
"""

from collections.abc import Mapping

from paas_cli.catalogue import Danger

_Words = Mapping[str, str]


def _each(groups: Mapping[str, str]) -> _Words:
    return {word: meaning for meaning, words in groups.items() for word in words.split()}


NOUNS: _Words = _each(
    {
        "config": "config configs configuration cfg env envs environment var vars variable variables setting settings",
        "secrets": "secret secrets vault",
        "schema": "schema schemas spec",
        "groups": "group groups envgroup envgroups shared bundle bundles variablegroup variablegroups varset varsets",
        "releases": "release releases deploys deployment deployments rollouts history",
        "staged": "staged draft drafts",
        "apps": "app apps application applications project projects service services",
        "tokens": "token tokens pat pats",
        "sign-in": "auth session account user users profile profiles context contexts",
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
        "set": "set put write save",
        "edit": "edit editor open",
        "compare": "diff compare difference",
        "copy": "copy cp clone promote",
        "seal": "seal encrypt protect hide",
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
        "switch": "switch use select activate",
        "rename": "rename mv",
        "check": "check validate lint",
        "attach": "attach link bind",
        "detach": "detach unlink unbind",
    }
)

# The most that a command may do that is suggested for a verb.
DANGERS: Mapping[str, Danger] = {
    "list": Danger.READ,
    "describe": Danger.READ,
    "get": Danger.READ,
    "set": Danger.WRITE,
    "edit": Danger.WRITE,
    "compare": Danger.READ,
    "copy": Danger.WRITE,
    "seal": Danger.WRITE,
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
    "switch": Danger.WRITE,
    "rename": Danger.WRITE,
    "check": Danger.READ,
    "attach": Danger.WRITE,
    "detach": Danger.DESTROY,
}

ANSWERS: Mapping[tuple[str, str], str] = {
    ("config", "list"): "config",
    ("config", "describe"): "config",
    ("config", "get"): "config:get",
    ("config", "edit"): "config:edit",
    ("config", "compare"): "config:diff",
    ("config", "copy"): "config:copy",
    ("config", "seal"): "secrets:seal",
    ("config", "set"): "config:set",
    ("config", "create"): "config:set",
    ("config", "update"): "config:set",
    ("config", "remove"): "config:unset",
    ("config", "restart"): "restart",
    ("config", "export"): "config:export",
    ("config", "import"): "config:import",
    ("secrets", "list"): "secrets",
    ("secrets", "describe"): "secrets",
    ("secrets", "get"): "secrets:get",
    ("secrets", "set"): "secrets:set",
    ("secrets", "compare"): "config:diff",
    ("secrets", "seal"): "secrets:seal",
    ("secrets", "create"): "secrets:set",
    ("secrets", "update"): "secrets:set",
    ("secrets", "import"): "secrets:import",
    ("secrets", "remove"): "secrets:unset",
    ("secrets", "rotate"): "secrets:rotate",
    ("schema", "describe"): "schema",
    ("schema", "get"): "schema",
    ("schema", "check"): "schema:check",
    ("schema", "set"): "schema:set",
    ("schema", "create"): "schema:init",
    ("schema", "update"): "schema:set",
    ("schema", "import"): "schema:set",
    ("schema", "export"): "schema",
    ("schema", "remove"): "schema:unset",
    ("groups", "list"): "groups",
    ("groups", "describe"): "groups:info",
    ("groups", "get"): "groups:info",
    ("groups", "create"): "groups:create",
    ("groups", "remove"): "groups:destroy",
    ("groups", "attach"): "groups:attach",
    ("groups", "detach"): "groups:detach",
    ("releases", "list"): "releases",
    ("releases", "describe"): "releases:info",
    ("releases", "get"): "releases:info",
    ("releases", "create"): "releases:create",
    ("releases", "restart"): "restart",
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
    ("apps", "edit"): "apps:update",
    ("apps", "compare"): "config:diff",
    ("apps", "update"): "apps:update",
    ("apps", "remove"): "apps:destroy",
    ("apps", "restart"): "restart",
    ("apps", "roll back"): "rollback",
    ("tokens", "list"): "tokens:list",
    ("tokens", "describe"): "tokens:list",
    ("tokens", "get"): "tokens:list",
    ("tokens", "create"): "tokens:create",
    ("tokens", "remove"): "tokens:revoke",
    ("tokens", "rotate"): "tokens:rotate",
    ("sign-in", "list"): "auth",
    ("sign-in", "describe"): "auth",
    ("sign-in", "get"): "auth",
    ("sign-in", "switch"): "auth:switch",
    ("sign-in", "rename"): "auth:rename",
    ("sign-in", "create"): "login",
    ("sign-in", "set"): "auth:switch",
    ("sign-in", "remove"): "logout",
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

# What a group's variables are changed with, whatever other tools call a group.
_OF_A_GROUP = "a group's variables are changed as an app's are: {config:set NAME=value -a GROUP}."

# Where no command does it, what does instead; what stands in braces becomes a hint.
SENTENCES: Mapping[tuple[str, str], str] = {
    ("secrets", "export"): "secrets are never exported: {secrets:get NAME} reveals one, and is recorded.",
    ("secrets", "edit"): "no file ever holds a secret: {secrets:set NAME} asks for a new value.",
    ("secrets", "copy"): "{config:copy --with-secrets} copies secrets as well, and is recorded.",
    ("keys", "create"): "{keys:rotate} makes a new key.",
    ("tokens", "update"): "a token stays as it was made; {tokens:create} makes another.",
    ("groups", "set"): _OF_A_GROUP,
    ("groups", "edit"): _OF_A_GROUP,
    ("groups", "update"): _OF_A_GROUP,
    ("groups", "rename"): "a group keeps its name; {groups:create NAME} makes another.",
    ("releases", "remove"): "a release is never removed; {rollback vN} releases an earlier one again.",
}

# Words that are neither noun nor verb here, or mean one command alone.
WHOLE: _Words = {
    **_each(
        {
            "apps:info": "status info",
            "ps": "instances processes dynos machines pods",
            "restart": "reboot bounce",
            "releases:create": "deploy ship secrets:deploy secret:deploy",
            "releases:watch": "watch",
            "promote": "pipelines:promote pipeline:promote",
            "config:diff": "pipelines:diff pipeline:diff",
            "staged:discard": "discard unstage",
            "apps:update": "scale",
            "run": "local exec execute run:local local:run env:exec env:run exec:env with:env",
            "shell": "sh bash console ssh ssh:console ps:exec",
            "secrets:due": "due overdue expiring expiry secrets:expiring secrets:overdue",
            "secrets:expire": "expire expires secrets:expiry secrets:ttl",
            "mcp": "agent agents mcp:serve mcp:start",
            "whoami": "who me",
            "login": "signin configure configure:sso",
            "logout": "signout",
            "auth:switch": "use",
            "completion": "completions complete autocomplete",
        }
    ),
    **_each({"logs": "log tail output"}),
    **_each(
        {
            "groups": "shared:variables shared:vars shared:env shared:envs shared:secrets shared:config env:groups "
            "env:group environment:groups environment:group variable:groups variable:group variable:sets configmaps",
            "no value refers to another here: {groups} are variables that several apps have, each in one place.": (
                "references reference interpolation imports secrets:imports secrets:references inheritance inherit"
            ),
        }
    ),
    **_each(
        {"a .paas.toml with `app` and `profile` chooses them for a folder, and {login} signs in.": "setup init link"}
    ),
}
