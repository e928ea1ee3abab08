"""What saves each author of an agent in Python the same lines.

Describe, Handle, Link, health, reflection, announcing and draining, from an `Agent` with its capabilities. Written from
the comments in `proto/troupe/v1` alone; nothing here is needed to be a member.
"""

from .agent import Agent, Handler
from .reasons import TroupeError
from .task import Task

__all__ = ["Agent", "Handler", "Task", "TroupeError"]
