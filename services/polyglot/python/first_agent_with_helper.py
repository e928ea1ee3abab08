"""The first agent in Python, with the helper."""

from troupe_agent import Agent

agent = Agent("greeter")


@agent.capability("text.greet")
async def greet(payload, task):
    return {"greeting": f"Hello, {payload['name']}!"}


agent.run()
