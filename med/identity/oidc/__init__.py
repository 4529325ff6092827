"""Signing in with the municipality's own identity provider: OpenID Connect, code flow with PKCE."""
