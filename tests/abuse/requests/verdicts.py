"""What may come back for what: the reviewed table of outcomes by kind, and of the texts that errors may have.

INTERNAL and UNKNOWN are nobody's answer to a message that is wrong. Where they stand below, they are grpc's own answer
to a frame or header that it can't read, before any code of ours (https://grpc.github.io/grpc/core/md_doc_statuscodes.html).
"""

import re
from functools import lru_cache
from typing import Final

OK, UNKNOWN, INVALID, DEADLINE, NOT_FOUND, EXISTS, EXHAUSTED = 0, 2, 3, 4, 5, 6, 8
REFUSED, ABORTED, UNIMPLEMENTED, INTERNAL, UNAVAILABLE, UNAUTHENTICATED = 9, 10, 12, 13, 14, 16


def _grpc(*codes: int) -> frozenset[str]:
    return frozenset(f"grpc {code}" for code in codes)


# A method that is in a contract and served by nobody; a stream that was open for as long as it was to be.
# And UNAVAILABLE, which is what a machine that can't keep up answers.
_ALWAYS: Final = _grpc(UNIMPLEMENTED, DEADLINE, UNAVAILABLE)
_STILL_A_MESSAGE: Final = _ALWAYS | _grpc(OK, INVALID, NOT_FOUND, EXISTS, REFUSED, ABORTED, EXHAUSTED)
_NO_MESSAGE: Final = _ALWAYS | _grpc(INVALID)
# Whatever Envoy or grpc do with headers and frames: answers, resets, a connection's end; 4xx and 200 are Envoy's.
_AROUND: Final = (
    _STILL_A_MESSAGE
    | _grpc(UNKNOWN, INTERNAL, UNAUTHENTICATED)
    | {"connection closed", "reset 0", "reset 1", "reset 2", "reset 8", "http 400", "http 401", "http 404", "http 415"}
    | {"http 200"}
)

# In JSON. A method that is served by nobody, and what a machine answers that can't keep up.
_ALWAYS_IN_JSON: Final = frozenset({"http 408", "http 501", "http 503", "http 504"})
_NO_CALL: Final = _ALWAYS_IN_JSON | {"http 400"}
_STILL_A_CALL: Final = _NO_CALL | {"http 200", "http 404", "http 409"}
_TOO_LARGE: Final = frozenset({"http 413"})
# What Envoy does with paths and verbs that HTTP does not have; and whoever says to speak gRPC is answered in it.
_AROUND_JSON: Final = frozenset({"http 405", "http 415", "connection closed", "reset 0", "reset 1", "reset 2"})
# Envoy makes gRPC's codes of HTTP's there: UNAVAILABLE of 429 as well.
_SAYS_GRPC: Final = _ALWAYS | _grpc(UNKNOWN, INVALID, INTERNAL)

OUTCOMES: Final = {
    **dict.fromkeys(
        ("random_bytes", "truncated", "flipped", "deep", "huge_repeated", "wrong_types", "unknown_fields", "bad_utf8",
         "odd_texts", "odd_numbers", "twice", "empty"),
        _STILL_A_MESSAGE,
    ),
    **dict.fromkeys(("bad_tags", "bad_lengths"), _NO_MESSAGE),
    **dict.fromkeys(
        ("frame_lengths", "compression", "content_types", "methods", "paths", "headers", "trailers"), _AROUND
    ),
    "frames": frozenset({"connection closed", "connection goes on"}),
    **dict.fromkeys(
        ("json_truncated", "json_wrong_types", "json_unknown_fields", "json_duplicates", "json_bad_utf8"), _NO_CALL
    ),
    "json_deep": _NO_CALL | _TOO_LARGE,
    **dict.fromkeys(("json_changed", "json_odd_texts"), _STILL_A_CALL),
    **dict.fromkeys(("json_numbers", "json_large"), _STILL_A_CALL | _TOO_LARGE),
    "json_queries": _STILL_A_CALL,
    "json_paths": _STILL_A_CALL | _AROUND_JSON,
    "json_verbs": _STILL_A_CALL | _AROUND_JSON,
    "json_types": _STILL_A_CALL | _AROUND_JSON | _SAYS_GRPC,
}  # fmt: skip
"""What may come back, by the name of the kind."""

_NAME = r"(“[A-Za-z0-9_.-]{0,20}…”|[A-Za-z_][A-Za-z0-9_]{0,127})"
_APP = r"(“…”|[A-Za-z0-9-]{1,64})"
_ADDON = r"[A-Za-z0-9][A-Za-z0-9._:/-]{0,63}"
_TOKEN = r"[A-Za-z0-9][A-Za-z0-9 ._@:/+-]{0,63}"
_COMMAND = rf"`paas [a-z:]+ {_NAME}`"
_FIELD = r"[a-z_]+(\[\d+\])?(\.[a-z_]+(\[\d+\])?)*"
# One complaint about a request; several are put together with semicolons.
_COMPLAINTS: Final = (
    rf"({_NAME}: )?the same name twice",
    rf"({_NAME}: )?a name has (letters, digits and underscores, and does not start with a digit|at most 128 bytes)",
    rf"({_NAME}: )?this name is the platform's own: PATH, HOME, PORT and names that start with [A-Z_, or]+",
    rf"({_NAME}: )?a value has (no NUL character|at most 64 KiB)",
    "must be 8 to 64 letters, digits, dashes or underscores, such as a UUID",
    r"names at (least one variable|most \d+ variables at a time)",
    r"(an app|a group)'s name has 2 to 40 lower-case letters, digits and dashes, starts [a-z (]+an RFC 1123 label\)",
    "names the release this is for",
    "says who (releases it|this is done for)",
    "a claim has an id",
    "a random value has 16 to 1024 bytes",
    "an overlap (.*)",
    "an end is (a minute to 3660 days away|to come, and this is past|3660 days away at most)",
    "an interval of rotations is an hour to 3660 days, or 0 for none",
    "say an end, or an interval of rotations",
    "a command has no NUL character and at most 8 KiB",
    "a command starts with the name of a program",
    "an app with instances needs a command or an image",
    "an image reference has at most 512 characters and no white space",
    "a health path starts with / and has no white space",
    "an app has 0 to 100 instances",
    "an instance may take 5 seconds to 1 hour to become ready",
    r"a (namespace|container|Deployment)'s name has 1 to \d+ lower-case [a-z, ]+\(an RFC 1123 (label|subdomain)\)",
    r"an app that adopts a Deployment can't be given [a-z ]+, which the Deployment has itself",
    "an add-on's name has 1 to 64 letters, digits and . _ : / -, and starts with no sign",
    "a display form has 1 to 256 printable characters",
    "the display form must not be the value itself",
    r"Line \d+ (is|has|gives|opens|goes on|makes|begins) [^\"]+",
)
# Not the name of an exception, and not what the gateway says where its reader of JSON is at fault.
_NO_FAULT: Final = r"(?!\w*(Error|Exception)\b|The request can't be read\.)"
# What is wrong with a request in JSON or with a field of it.
_WRONG_IN_JSON: Final = (
    r"(is no JSON \(RFC 8259\), at byte \d+|is no UTF-8|has a path that is no UTF-8|takes no body|is there twice|"
    r"has a (field|query parameter) that it can't have; there are [a-z0-9_, ]+|has more than \d+ items|"
    r"can't be there together with [a-z_]+|stands in the path and can't be in the body as well|"
    r"has to be (a JSON (object|array)|a text|true or false|a whole number of 32 bits|one of: [A-Z0-9_, ]+|"
    r"a whole number of 64 bits, as a number or as a text|a text of seconds, such as \"90s\"|"
    r"a text of a time, such as \"2030-01-31T12:00:00Z\"))"
)
# What the gateway says of calls in JSON (gateway/transcoding), and of what is none.
_OF_GATEWAY: Final = (
    rf"The request (holds what it may not: {_FIELD} )?{_WRONG_IN_JSON}\.",
    r"The request can't be read as this call\. /v1/openapi\.json says what the call takes\.",
    r"The request did not come in time, so nothing was done\.",
    r"The path has what no path may have, such as an escaped slash\.",
    r"There is no such call\. Calls are listed in /v1/openapi\.json\.",
    r"This path is called with [A-Z]+(, [A-Z]+)*\.",
    r"The content type has to be (application/json|application/grpc or application/grpc-web\+proto)\.",
    r"Who is calling could not be checked, so nothing was done\. Try again in a moment\.",
    r"The service could not be reached\. Try again in a moment, with the same request_id if the call has one\.",
)
_TEXTS: Final = (
    # Limits and messages.
    r"The request is not a valid message of this method\.",
    (
        rf"The request holds what it may not: {_FIELD} (has more than \d+ (bytes( in all)?|items)|"
        r"has a control or invisible character, U\+[0-9A-F]{4,5}|"
        r"is less than -?\d+|is not from -?\d+ to \d+( seconds)?)\."
    ),
    r"The request (is too large|did not come in time)\.",
    r"The request is larger than everything that its fields may hold\.",
    r"Too many requests at once with this token, or from this address\. Nothing was done; try again in a moment\.",
    r"(This token|Your tenant|This service) has too many (requests|open streams) at once\. Nothing was done; .*",
    r"The request holds what it may not: a text has a NUL character\.",
    r"A tenant is required\.",
    r"A tenant and an app id are required\.",
    r"A request has 1 to 256 orders\.",
    r"Every order names a tenant, an app, its id and a change\.",
    r"1 to 500 events are appended at a time\.",
    r"1 to (40 actions are summed up|100 tokens are looked for) at a time\.",
    r"actions has one that there is not\. docs/audit\.md lists them all\.",
    r"events\[\d+\]\.[a-z_]+ [A-Za-z0-9 ,']+\. Nothing was appended\.",
    rf"({'|'.join(_COMPLAINTS)})(; ({'|'.join(_COMPLAINTS)}))*\.",
    r"This page token is not one of ours for this list; start again without it\.",
    r"This request id was already used for a different request\. Use a new one\.",
    r"Another request with this id is under way\. Send it again, or use a new id for something else\.",
    r"Say where the new value comes from: random or given\.",
    r"Say when the value ends: after a span, at a moment, or never\.",
    r"Say which secrets: those that expire, are to be rotated, or were not delivered\.",
    r"The end is no moment that there is\.",
    r"There can be no app of that name: an app's name has [A-Za-z0-9 ,()-]+\.",
    r"There can be no group of that name: a group's name has [A-Za-z0-9 ,()-]+\.",
    r"The (token|sign-in|trust) can't be made as asked: [a-z_]+(\[\d+\])? [^\"]+\.",
    *_OF_GATEWAY,
    # What there is and what there is not.
    rf"There is no app named {_APP}\. `paas apps:list` shows the apps you have\.",
    rf"There is no group named {_APP}\. `paas groups` shows the groups you have\.",
    r"There is no such token\. `paas tokens:list` shows the names and ids of those there are\.",
    r"There is no such trust\. `paas tokens:trust list` shows the names and ids of those there are\.",
    r"This is no exchange of a token: [a-z_]+ must be [^\"]+\.",
    r"This token is not accepted here\. Who made the trust sees what is wrong in the audit log, and with .*",
    r"\d+ exchanges from here were refused within \d+ seconds\. Nothing was done; wait before you try again\.",
    r"Too many tokens are exchanged at once\. Nothing was done; try again in a moment\.",
    r"There is no such (secret|release|version|variable)[a-z ,]*\.[^\"]*",
    r"The audit log has no (event yet|file at this path)\.",
    r"There is no such event, or you may not see it\.",
    r"The log's entries are of all apps, and this token is limited to some\.",
    r"The event is recorded, and not published yet\.",
    r"There is no such action(\.|; did you mean [a-z_.]+( or [a-z_.]+)*\?) docs/audit\.md lists them all\.",
    rf"{_NAME}(, {_NAME})*: no such secret\. .*",
    rf"{_NAME}(, {_NAME})*: not set\. Nothing was changed; .*",
    rf"{_APP} has no release v-?\d+\. `paas releases -a {_APP}` shows the ones it has\.",
    rf"{_APP} has no (command|release)[a-z ,]*\.[^\"]*",
    r"This app was destroyed\.",
    rf"There is already (an app|a group|a token) named {_APP}\. .*",
    # What does not fit the state of things.
    r"Going back would attach a group to the app again that you may not see\. Somebody who sees it can go back, or .*",
    rf"This request made the token {_TOKEN} already, and its text is shown only once\. .*",
    r"This request rotated the token already, and the new text is shown only once\. .*",
    rf"{_APP} adopts the Deployment [a-z0-9.-]+/[a-z0-9.-]+ already\. .*",
    rf"What {_APP} adopts was settled when it was created\. Create another app for another Deployment\.",
    rf"{_NAME}(, {_NAME})*: managed by an add-on, can't be read, set or unset by hand\.",
    rf"({_NAME} is managed by the add-on {_ADDON}: it can't be set or unset by hand\. ?)+",
    rf"{_NAME} is managed by another add-on\.",
    rf"{_NAME} is already a variable of this app\. Unset it before the add-on is attached\.",
    rf"({_NAME} is a (config var|secret)\. To make it a (secret|config var), run {_COMMAND} and then {_COMMAND}\. ?)+",
    rf"Another attaching of {_NAME} is under way\. Try again in a moment\.",
    rf"There is a token named {_TOKEN} already, yours or somebody else's\. Choose another name; one of yours can .*",
    rf"{_APP} was changed by someone else in between\. Look at it again and repeat\.",
    rf"v-?\d+ of {_APP} did not succeed, so there is nothing to go back to\. .*",
    rf"The former app {_APP} is still being cleaned up\. Try again in a moment\.",
    r"An app has at most 500 variables; this would make \d+\.",
    r"An app's variables have at most 512 KiB in all; this would make \d+ KiB\.",
    r"Nothing is staged[^\"]*",
    r"The (database of [a-z]+|[a-z]+ service) (is busy|cannot be reached now)\. Try again in a moment\.",
    r"The keys of your secrets were destroyed: no secret can be read or set any more\.",
    r"There is no key (yet|to destroy); it is made with the first secret\.",
    r"Generation \d+ is still being rolled out \(\d+ of \d+\)\. `paas keys` shows how far it is; [a-z ]+\.",
    r"That is not the name of your tenant, so nothing was destroyed\. `paas whoami` shows it\.",
    r"Others are changing the same keys at this moment\. Try again\.",
    r"The key service cannot be used now, so nothing was sealed or opened\. Try again in a moment\.",
    r"You are not signed in[^\"]*",
    # The same about variables and apps in other states: a name, then words, names and commands, and no other character.
    rf"{_NO_FAULT}{_NAME}(, {_NAME})*:? [a-z][A-Za-z0-9_ ,;`:'().-]*",
    rf"{_NO_FAULT}(v-?\d+ of )?{_APP} [a-z][A-Za-z0-9_ ,;`:'().-]*",
    # grpc's and Envoy's own, about frames and headers.
    r"Method not found!",
    r"Deadline Exceeded|stream timeout",
    r"(Compression bit set but no encoding configured|Decompression failed due to (data|zlib) error)",
    r"Decompressed message larger than max",
    r"SERVER: Received message larger than max \(\d+ vs\. \d+\)",
    r"received metadata size exceeds (soft|hard) limit \(\d+ vs\. \d+\); .*",
    r"Error parsing '(:method|a-bin|grpc-encoding|grpc-timeout)' metadata(: illegal base64 encoding)?",
    r"Duplicate '(:authority|:path|:method|:scheme)' header received",
    r"Illegal header (key|value): (:unknown|X-Paas-Identity|a b|a)",
    r"Metadata keys cannot be zero length",
    r"Bad gRPC-web request, invalid base64 data\.",
    r"gRPC needs HTTP/2 and the header te: trailers; over HTTP/1\.1, send application/grpc-web\+proto\.",
    r"upstream connect error or disconnect/reset before headers\. reset reason: remote reset",
    r"unreadable headers",
)
_REVIEWED: Final = tuple(re.compile(text, re.DOTALL) for text in _TEXTS)


_TOO_MUCH: Final = frozenset({"grpc 8", "http 429"})


def is_expected(kind: str, outcome: str) -> bool:
    """Whether an outcome is in the table. That there is too much at once, whatever is sent may be told."""
    return outcome in OUTCOMES[kind] or outcome in _TOO_MUCH


def of_the_gateway(text: str) -> bool:
    """Whether an error's text is what the gateway says of a call in JSON that never got to a service."""
    return any(re.fullmatch(each, text) for each in _OF_GATEWAY)


@lru_cache(maxsize=10_000)
def reviewed(text: str) -> str | None:
    """The one of the texts above that an error's text is, or None: constant but for names, numbers and fields."""
    return next((each.pattern for each in _REVIEWED if each.fullmatch(text)), None)
