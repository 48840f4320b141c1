"""In what order: the wheel, its cache, its ledger."""
