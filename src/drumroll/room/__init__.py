"""Who comes first when everybody comes at once? The waiting room: a draw that anybody can check, then a line."""
