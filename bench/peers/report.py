"""What was measured, as a section of bench/RESULTS.md that no other benchmark writes to."""

from collections.abc import Mapping, Sequence

from bench.load import Ratio
from bench.peers.hops import HOPS, Spent

HEADING = "## Beside OpenBao"
TABLE_HEAD = "| measure | ours | against | theirs | ratio | reach | |\n| --- | --- | --- | --- | --- | --- | --- |"


def body(ratios: Sequence[Ratio], cpu: Mapping[str, tuple[Spent, Spent]], *, about: str) -> str:
    """Return the section: the ratios, and below them the CPU of each hop by what was asked."""
    rows = [
        f"| {asked} | {' | '.join(f'{ours.by_hop[hop]:.2f}' for hop in HOPS)} | {ours.total:.2f} | {theirs.total:.2f} |"
        for asked, (ours, theirs) in cpu.items()
    ]
    columns = [f"{hop} ({part})" if hop != part else hop for hop, part in HOPS.items()]
    lines = [
        about,
        "",
        TABLE_HEAD,
        *(ratio.line() for ratio in ratios),
        "",
        f"| CPU of one request, ms | {' | '.join(columns)} | all | OpenBao |",
        f"| --- |{' --- |' * (len(columns) + 2)}",
        *rows,
    ]
    return "\n".join(lines)
