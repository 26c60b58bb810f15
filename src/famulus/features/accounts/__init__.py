"""People and programs: who they are, how they sign in, and what their credentials let them do.

`caller` tells every other feature who is asking. Passwords are hashed between two units of work, never within
one; session tokens, API keys, invitations and sign-in links are kept as digests only.
"""
