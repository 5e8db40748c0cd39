"""The real clients, each with a fresh cache and none of this machine's configuration. A client's name is the name of a
list in Tests/EndToEnd/clients, and of the environment that was made from it."""
from .flit import Flit
from .hatch import Hatch
from .pdm import Pdm
from .pip import Pip
from .pipenv import Pipenv
from .poetry import Poetry
from .schemathesis import Schemathesis
from .tool import VENVS, canonical
from .twine import Twine
from .uv import Uv

PIPS = ["pip-oldest", "pip22", "pip23", "pip-newest"]
# What puts requirements into a folder; what keeps a project with a lock file; what sends distributions.
INSTALLERS = [*PIPS, "uv"]
LOCKERS = ["poetry1", "poetry2", "pipenv", "pdm", "uv"]
PUBLISHERS = ["twine4", "twine6", "twine7", "uv", "poetry1", "poetry2", "pdm", "hatch", "flit"]
ENVIRONMENTS = sorted({"runner", "schemathesis", "pip-audit", "browser", "object-store", *INSTALLERS, *LOCKERS, *PUBLISHERS})

_KINDS = {"flit": Flit, "hatch": Hatch, "pdm": Pdm, "pipenv": Pipenv, "poetry": Poetry,
          "schemathesis": Schemathesis, "twine": Twine, "uv": Uv}


def tool(name, folder):
    return _KINDS.get(name.rstrip("0123456789"), Pip)(name, folder)
