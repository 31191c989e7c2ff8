"""What a check can find, and how much it weighs."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Literal, NamedTuple

Severity = Literal['error', 'warning', 'remark']
SEVERITIES: tuple[Severity, ...] = ('error', 'warning', 'remark')


class Fault(NamedTuple):
    """One finding.

    Attributes:
        severity (str): 'error' where training would stop or its scores mean nothing, 'warning'
            where the user should look, 'remark' where something was only left out.
        kind (str): Heading under which alike findings stand.
        message (str): One sentence that names the file, what was expected and what was found.
        files (tuple[Path, ...]): Files to look at.
    """

    severity: Severity
    kind: str
    message: str
    files: tuple[Path, ...] = ()


def verdict(faults: Iterable[Fault]) -> str:
    """Say ``ok`` or how many errors and warnings there are; remarks do not count."""
    counts = Counter(fault.severity for fault in faults)
    if not counts['error'] and not counts['warning']:
        return 'ok'
    return ', '.join(
        f'{counts[severity]} {severity}{"" if counts[severity] == 1 else "s"}'
        for severity in SEVERITIES[:2]
    )


def by_kind(faults: Iterable[Fault]) -> dict[tuple[Severity, str], list[Fault]]:
    """Group findings by severity and kind, the gravest first."""
    groups: dict[tuple[Severity, str], list[Fault]] = {}
    for fault in sorted(faults, key=lambda fault: SEVERITIES.index(fault.severity)):
        groups.setdefault((fault.severity, fault.kind), []).append(fault)
    return groups
