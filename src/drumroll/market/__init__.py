"""What did the market make of it? Quotes, the day, records, limits, event studies. Pure: no disk, clock or network."""
