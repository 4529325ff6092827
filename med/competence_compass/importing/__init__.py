"""Files from elsewhere into the compass: read whole, compared with what is there, shown, and only then carried out."""
