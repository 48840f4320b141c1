"""What a killed process leaves of a turn.

A release and its place as champion are one step in the ledger, and the decision that tells of it is the next one. What
was killed between the two is closed here.
"""

from __future__ import annotations

from msgspec.structs import replace

from volvelle.flow import registry
from volvelle.flow.decisions import Decision, decisions, note
from volvelle.flow.turn import Project


def caught_up(project: Project) -> None:
    """Close the decision whose challenger became the champion without anybody having noted it."""
    crowned, known = registry.current(project), decisions(project.ledger)
    if crowned is None or any(decision.release == crowned["name"] for decision in known):
        return
    # Turns that found the same rows made the same run: an open one waits for its end, else it was the newest.
    about = [d for d in known if not d.release and any(t.run == crowned["run"] for t in d.tried)]
    for decision in sorted(about, key=lambda d: d.outcome == "open")[-1:]:
        won = next(t for t in decision.tried if t.run == crowned["run"])
        by_hand = f"{decision.because}; by hand ({crowned['by']}): {crowned['note']}"
        because = won.because if decision.outcome == "open" else by_hand
        made = replace(decision, outcome="promoted", run=won.run, release=crowned["name"], because=because)
        note(project.ledger, replace(made, finished=crowned["at"]))


def unfinished(project: Project, champion: str) -> Decision | None:
    """The newest open decision about this champion whose rows still lie there."""
    newest = next((d for d in reversed(decisions(project.ledger)) if d.champion == champion), None)
    if newest is None or newest.outcome != "open":
        return None
    return newest if all((project.folder / tried.data).is_file() for tried in newest.tried) else None
