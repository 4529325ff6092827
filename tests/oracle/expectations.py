"""Who gets what at which address. Filled in below."""
