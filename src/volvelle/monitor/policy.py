"""What a policy allows: the chance at which one window may call, and the budget in words."""

from __future__ import annotations

from volvelle.monitor.records import Policy


def level(policy: Policy) -> float:
    """The chance that a window calls though nothing drifts.

    >>> round(level(Policy(false_alarms=2, windows_per_year=365)), 5)
    0.00548
    """
    return min(policy.fdr, policy.false_alarms / policy.windows_per_year)


def budget(policy: Policy) -> str:
    """The bound on false alarms in words.

    >>> budget(Policy())
    'at most 1 false alarm a year for this model, 365 windows: a window calls for drift at p <= 0.0027'
    """
    plural = "" if policy.false_alarms == 1 else "s"
    return (
        f"at most {policy.false_alarms:g} false alarm{plural} a year for this model, {policy.windows_per_year:g} "
        f"windows: a window calls for drift at p <= {level(policy):.2g}"
    )
