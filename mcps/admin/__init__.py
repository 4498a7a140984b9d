"""
The administration server: what only an administrator of the shop may see and change.

Owns: the administration's view of products. Must not know: HTTP, shoppers, intents. Every tool asks for the
role itself, although the gateway has: one forgotten rule there must not open the shop.
"""
