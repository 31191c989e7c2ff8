"""What a check can find, and how much it weighs."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Literal, NamedTuple

from ktda_mmseg.utils.tables import SHOWN

Severity = Literal['error', 'warning', 'remark']
SEVERITIES: tuple[Severity, ...] = ('error', 'warning', 'remark')


class Fault(NamedTuple):
    """One finding, whose sentence names the file, what was expected and what was found.

    It is an error where training would stop or its scores mean nothing, a warning where the user
    should look, a remark where something was only left out. Alike ones stand under one kind.
    """

    severity: Severity
    kind: str
    message: str
    files: tuple[Path, ...] = ()  # to look at


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


def list_faults(faults: Iterable[Fault]) -> str:
    """Write findings below their kind, the first few of each."""
    lines = []
    for (severity, kind), alike in by_kind(faults).items():
        lines.append(f'{severity}: {kind} ({len(alike)})')
        lines += [f'  {fault.message}' for fault in alike[:SHOWN]]
        if len(alike) > SHOWN:
            lines.append(f'  and {len(alike) - SHOWN} more, all in the report')
    return '\n'.join(lines)
