"""What is live: releases, their registry, rollback."""
