"""Verifies tokens by the keys that auth-service publishes, and prints what is in each, or why it is
not taken: python pyjwt.py KEYS ISSUER AUDIENCE TOKENS…"""

import sys

import jwt

url, issuer, audience, *tokens = sys.argv[1:]
keys = jwt.PyJWKClient(url)
for token in tokens:
    try:
        key = keys.get_signing_key_from_jwt(token)
        claims = jwt.decode(token, key, algorithms=["EdDSA"], issuer=issuer, audience=audience)
        print(claims["sub"])
    except jwt.PyJWTError as error:
        print(type(error).__name__)
