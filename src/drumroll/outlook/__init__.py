"""What will it bring? The ledger, the figures of a launch, the forecast of its demand, scenarios."""
