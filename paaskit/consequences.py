"""What changes cause besides themselves, written with them: messages to other services and remembered answers.

Both go into the statement that writes the changes, as two more parts of its WITH clause; a statement costs more than
the rows in it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from paaskit.changes import Answer
from paaskit.outbox import Message
from paaskit.requests import RequestKey, encode_answer

WITH: Final = """
    told AS (
        INSERT INTO outbox (destination, key, payload)
        SELECT * FROM unnest(%(destinations)s::text[], %(keys)s::text[], %(payloads)s::bytea[])
        ON CONFLICT DO NOTHING),
    remembered AS (
        INSERT INTO requests (tenant, request_id, subject, method, fingerprint, answer)
        SELECT %(tenant)s::text, * FROM unnest(%(request_ids)s::text[], %(subjects)s::text[], %(methods)s::text[],
                                               %(fingerprints)s::text[], %(answers)s::text[]))"""


@dataclass(frozen=True)
class Remembered:
    """An answer under the id of the request it was given to."""

    request: RequestKey
    answer: Answer


def parameters(tenant: str, messages: Sequence[Message], remembered: Sequence[Remembered]) -> dict[str, Any]:
    """Return the parameters of `WITH`."""
    return {
        "tenant": tenant,
        "destinations": [message.destination for message in messages],
        "keys": [message.key for message in messages],
        "payloads": [message.payload for message in messages],
        "request_ids": [each.request.request_id for each in remembered],
        "subjects": [each.request.subject for each in remembered],
        "methods": [each.request.method for each in remembered],
        "fingerprints": [each.request.fingerprint for each in remembered],
        "answers": [encode_answer(each.answer) for each in remembered],
    }
