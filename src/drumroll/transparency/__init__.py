"""The transparency log of an order log: follows it, publishes it, witnesses it, reads what others published."""
