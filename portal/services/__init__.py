"""What a person may ask for; every function takes an Acting first and is one unit of work."""
