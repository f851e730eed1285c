"""What customers are written about: follows the log, keeps what waits to be sent, hands it to the delivery."""
