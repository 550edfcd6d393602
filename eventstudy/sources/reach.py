"""Whether a host has an address, asked before anything heavy is imported to speak to it."""

from __future__ import annotations

import socket
import threading
from urllib.request import getproxies


def nameless(host: str, patience: float = 5.0) -> bool:
    """Tell whether the name of a host leads nowhere from here.

    Behind a proxy the proxy resolves names, and the question is left to it. A resolver that takes
    longer than ``patience`` seconds to answer has not said no.
    """
    if getproxies():
        return False
    found: list[bool] = []

    def look_up() -> None:
        try:
            socket.getaddrinfo(host, 443)
            found.append(True)
        except OSError:
            found.append(False)

    # A resolver cannot be interrupted: the thread may outlive the question, and must not hold up
    # the end of the process.
    asking = threading.Thread(target=look_up, daemon=True)
    asking.start()
    asking.join(patience)
    return found == [False]
