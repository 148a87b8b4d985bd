"""Where it was before."""
from ..batch.judged import *  # noqa: F403
from ..batch.judged import Judged  # noqa: F401
