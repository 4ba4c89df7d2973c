"""Does a variable's name say that its value is a credential?

A name is read as its words: `API_KEY` and `apiKey` have the word KEY, `MONKEY` and `KEYBOARD` have not; and what
follows may say that it is about a credential and none itself, as in `KEY_PREFIX` or `TOKEN_TTL`. A guess, on the side
of caution where a word could be either. Must not look at more of a value than whether it is a plain yes, no or number.
"""

import re

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z][a-z]+|[a-z]+")
# Words that are one, and compounds people write without a break.
_SECRET = re.compile(
    r"KEYS?|(?:API|APP|ACCESS|AUTH|SECRET|PRIVATE|MASTER|SIGNING|ENCRYPTION|SSH|LICEN[CS]E|ACCOUNT|SERVICE)KEYS?"
    r"|[A-Z]*TOKENS?|[A-Z]*SECRETS?|[A-Z]*PASSWORDS?|[A-Z]*PASSWD|PASSPHRASE|[A-Z]*CREDENTIALS?|CREDS?"
)
# These only after another word: `PWD` alone is a folder, `PASS` may be a verb.
_SECRET_AT_END = frozenset({"PASS", "PWD"})
# After one of the above: it is about a credential, and public.
_ABOUT = re.compile(
    r"ALGO?|ALGORITHM|AUDIENCE|CLAIM|COLUMN|COUNT|DIR|DIRECTORY|DURATION|ENABLED|ENDPOINT|EXPIRATION|EXPIRES?|EXPIRY"
    r"|FIELD|FILE|FILENAME|FOLDER|FORMAT|HEADER|HOST|INTERVAL|ISSUER|LABEL|LEN|LENGTH|LEVEL|LIFETIME|LIMIT|MAX|MIN|MODE"
    r"|NAME|PARALLELISM|PARAM|PATH|POLICY|PREFIX|PROVIDER|REQUIRED|ROTATION|SECONDS|SEPARATOR|SIZE|SPACE|STORE|STRATEGY"
    r"|SUFFIX|TIMEOUT|TTL|TYPE|UR[IL]|VERSION|WINDOW"
)
# Before it: a key that is none of a lock.
_OTHER_KEY = re.compile(r"CACHE|FOREIGN|GROUP|HOT|IDEMPOTENCY|PARTITION|PUBLIC|PUBLISHABLE|SHARD|SITE|SORT|TRANSLATION")
_PLAIN = re.compile(r"true|false|yes|no|on|off|null|none|nil|undefined", re.IGNORECASE)
_NUMBER = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,9})?")


def names_one(name: str, value: str) -> bool:
    """Whether the name says so. A switch is no credential, nor is a number of tokens."""
    words = [word.upper() for word in _WORD.findall(name)]
    found = [at for at, word in enumerate(words) if _SECRET.fullmatch(word)]
    if len(words) > 1 and words[-1] in _SECRET_AT_END:
        found.append(len(words) - 1)
    if not found or _PLAIN.fullmatch(value):
        return False
    last = found[-1]
    if any(map(_ABOUT.fullmatch, words[last + 1 :])):
        return False
    if words[last].startswith("KEY") and last and _OTHER_KEY.fullmatch(words[last - 1]):
        return False
    return not (words[last].endswith("S") and words[last] != "PASS" and _NUMBER.fullmatch(value))
