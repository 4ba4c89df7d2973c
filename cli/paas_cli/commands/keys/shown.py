"""A tenant's keys in words and as JSON. Must not call anything."""

from typing import TYPE_CHECKING

from paas_cli.terminal import times

if TYPE_CHECKING:
    from paas.secrets.v1.secrets_pb2 import KeyDestruction, KeyGeneration, KeyRollout, Keys

_UNITS = (("d", 86400), ("h", 3600), ("m", 60))


def document(keys: "Keys") -> dict[str, object]:
    """The keys as JSON shows them; the one that seals is the last."""
    newest = keys.generations[-1] if keys.generations else None
    return {
        "generation": newest.generation if newest else None,
        "created_at": times.or_null(newest.created_at) if newest else None,
        "age_seconds": _age(keys) if newest else None,
        "kms": {"resource": keys.kms_resource or None, "primary_version": keys.kms_primary_version or None},
        "older_versions": older_versions(keys),
        "generations": [
            {
                "generation": each.generation,
                "state": state(keys, each),
                "versions": each.versions,
                "created_at": times.or_null(each.created_at),
                "retired_at": times.or_null(each.retired_at),
            }
            for each in keys.generations
        ],
        "rollout": rollout_document(keys.rollout) if keys.HasField("rollout") else None,
        "destruction": destruction_document(keys.destruction) if keys.HasField("destruction") else None,
    }


def rollout_document(rollout: "KeyRollout") -> dict[str, object]:
    """How far values were sealed anew."""
    return {
        "state": "done" if is_over(rollout) else "running",
        "total": rollout.total,
        "done": rollout.done,
        "unreadable": rollout.unreadable,
        "finished_at": times.or_null(rollout.finished_at),
    }


def destruction_document(destruction: "KeyDestruction") -> dict[str, object]:
    """That keys were destroyed."""
    return {
        "destroyed_at": times.or_null(destruction.destroyed_at),
        "kms_destroyed_at": times.or_null(destruction.kms_destroyed_at),
        "restorable_until": times.or_null(destruction.restorable_until),
    }


def facts(keys: "Keys") -> list[tuple[str, str]]:
    """What is to be known of all keys together, without the lines of each."""
    newest = keys.generations[-1]
    found = [
        ("generation", str(newest.generation)),
        ("age", _length(_age(keys))),
        ("kms key", keys.kms_resource or "not known now: the key service is unavailable"),
        ("kms primary version", keys.kms_primary_version or "none"),
        ("older values", str(older_versions(keys))),
    ]
    if not keys.kms_resource:
        del found[3]
    if keys.HasField("rollout"):
        found.append(("rollout", rollout_line(keys.rollout)))
    if keys.HasField("destruction"):
        found.append(("destroyed", destruction_line(keys.destruction)))
    return found


def state(keys: "Keys", generation: "KeyGeneration") -> str:
    """`seals`, `older`, `retired` or `destroyed`."""
    if keys.HasField("destruction"):
        return "destroyed"
    if generation.HasField("retired_at"):
        return "retired"
    return "seals" if generation.generation == keys.generations[-1].generation else "older"


def older_versions(keys: "Keys") -> int:
    """How many values are sealed with a key that has a successor."""
    return sum(each.versions for each in keys.generations[:-1])


def is_over(rollout: "KeyRollout") -> bool:
    """Whether nothing is on its way to the newest key any more."""
    return rollout.HasField("finished_at")


def rollout_line(rollout: "KeyRollout") -> str:
    """`running 120/1200`, or `done 1200/1200`."""
    line = f"{'done' if is_over(rollout) else 'running'} {rollout.done}/{rollout.total}"
    return f"{line}, {rollout.unreadable} unreadable" if rollout.unreadable else line


def destruction_line(destruction: "KeyDestruction") -> str:
    """When, and what of it can be taken back."""
    line = times.to_minute(destruction.destroyed_at)
    if not destruction.HasField("kms_destroyed_at"):
        return f"{line}; the key service can't be reached, and destroys its key as soon as it can"
    if destruction.HasField("restorable_until"):
        until = times.to_minute(destruction.restorable_until)
        return f"{line}; an administrator of the key service can restore its key until {until}"
    return f"{line}; the key service has no key any more"


def _age(keys: "Keys") -> int:
    return max(keys.read_at.seconds - keys.generations[-1].created_at.seconds, 0)


def _length(seconds: int) -> str:
    for unit, size in _UNITS:
        if seconds >= size:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"
