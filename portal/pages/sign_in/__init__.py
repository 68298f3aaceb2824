"""The page where nobody is signed in yet."""
