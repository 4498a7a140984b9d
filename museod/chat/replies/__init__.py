"""
What is said about each tool's result: one file per noun, pure functions from finished calls to `Neutral`.

`chat.reply` holds the table from tool and refusal to these functions.
"""
