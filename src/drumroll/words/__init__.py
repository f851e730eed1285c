"""English and Simplified Chinese: which one somebody reads, and how words, figures, money and times are said in it."""
