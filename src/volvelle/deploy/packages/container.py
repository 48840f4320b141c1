"""A server: the release with all that answers for it, as a container, under systemd, behind nginx, on Kubernetes.

The image holds one Python, Volvelle as it is installed here, and the libraries that a server loads in the versions of
this machine; those that only train stay outside. It is built with a network and runs without one, as a user of no
rights, on a file system that it cannot write but for the log.

Sources: containers-common, Containerfile(5); Kubernetes API v1 and apps/v1; systemd.service(5), systemd.exec(5).

>>> from volvelle.testing.named_models import shipping_of
>>> made = write(shipping_of("pumps"))
>>> [name for name in sorted(made) if "/" not in name][:3]
['.dockerignore', 'Containerfile', 'README.md']
"""

from __future__ import annotations

from pathlib import Path

from volvelle.deploy.packing import filled, plain
from volvelle.deploy.shipping import Shipping

OF = "release"
NEXT = "podman build --tag NAME FOLDER"
_TEMPLATES = Path(__file__).parent.parent / "templates" / "server"
_PORT, _USER = "8080", "10001"


def write(shipping: Shipping) -> dict[str, bytes]:
    """The folder that an image is built from, and what runs it elsewhere."""
    wheel, content = shipping.wheel
    parts = {
        "NAME": shipping.name,
        "TITLE": shipping.heading,
        "VERSION": shipping.version,
        "STATEMENT": plain(shipping.statement, 400),
        "RELEASE": shipping.release.name,
        "DIGEST": shipping.digest,
        "PYTHON": shipping.python,
        "WHEEL": wheel,
        "PORT": _PORT,
        "USER": _USER,
        "LICENCE": plain(shipping.licence) or "its owner has not stated terms",
        "AUTHOR": f"Answered for by {plain(shipping.author)}." if shipping.author else "",
        "URL": shipping.url,
        "NEXT": shipping.next(NEXT, "."),
    }
    texts = {path.name: filled(path.read_text("utf-8"), parts).encode() for path in sorted(_TEMPLATES.iterdir())}
    # A package would leave out files whose names begin with a dot.
    texts[".dockerignore"] = texts.pop("dockerignore")
    texts["requirements.txt"] = "".join(f"{name}=={version}\n" for name, version in shipping.pins.items()).encode()
    release = {f"releases/{shipping.release.name}/{name}": data for name, data in shipping.files.items()}
    return texts | {f"wheels/{wheel}": content} | release
