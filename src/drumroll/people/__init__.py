"""Who are they? Names and contacts, encrypted and apart from the order log; and how a message reaches somebody."""
