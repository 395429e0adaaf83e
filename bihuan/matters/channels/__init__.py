"""Channels: how people and other systems are told, each tried until it has gone through.

inbox.py: who among the staff is told of what. words.py: in which words. senders.py: text messages.
webhooks.py: which system is told of what. post.py: the one way out of the house. actions.py and
jobs.py write. Nothing here stops a step: channels read the outbox after it was committed.
"""
