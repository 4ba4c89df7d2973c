"""How much the gateway takes: sizes, times and numbers (`bounds`), and requests in a second (`rates`).

What a credential or an address may ask of the sign-in check is counted by `gateway/filters/sign_ins.lua`.
"""
