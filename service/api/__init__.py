"""The API: requests to commands, answers to bytes.

`middleware` stands around every request; `app` puts each of the `calls` on its route; `route` is the way of one
request (token, `needs`, body, key, command, bytes); `problems` is every error; `health` says whether it is alive and
ready; `openapi` is the contract.
"""
