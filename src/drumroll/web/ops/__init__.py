"""Operations: the pages of those who run the launch night. What each role may see and do is ``access.roles``."""
