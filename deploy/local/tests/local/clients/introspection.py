"""Runs the service of shared/PYTHON.md, which stands beside this file, against a token."""
import json
import sys

import grpc
from service import NoAnswer, reason_of, request_numbers, user_of

auth_url, requests_address, service_token, token = sys.argv[1:]


def answer(*arguments):
    try:
        return user_of(*arguments)
    except NoAnswer:
        return "no answer"


def refusal(bad):
    try:
        request_numbers(bad, requests_address)
    except grpc.RpcError as error:
        return [error.code().name, reason_of(error)]


print(json.dumps({
    "user": answer(token, auth_url, service_token),
    "forged": answer(token[:-4], auth_url, service_token),
    "stranger": answer(token, auth_url, "wrong"),
    "away": answer(token, "http://127.0.0.1:1", service_token),
    "numbers": request_numbers(token, requests_address),
    "refused": refusal("x"),
}))
