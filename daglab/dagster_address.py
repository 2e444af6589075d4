"""Which addresses are called as Dagster's, and where a token may go in plain text."""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import urlsplit

_HOST = re.compile(r"[A-Za-z0-9.:_-]+")
_NUMERIC = re.compile(r"(0x[0-9a-f]*|[0-9]+)(\.(0x[0-9a-f]*|[0-9]+))*\.?")
_METADATA = frozenset({ip_address("fd00:ec2::254"), ip_address("100.100.100.200")})
"""Where clouds hand out credentials without asking, beside the link-local addresses."""


def require_dagster_url(url: str) -> str:
    """The URL without slashes at its end.

    Raises:
        ValueError: it is no http(s) URL of a host, has credentials in it, or leads where :func:`require_host` refuses.
    """
    if "@" in url:  # no message from here on repeats a password
        raise ValueError("a URL with credentials in it; use dagster.auth")
    if not url.isprintable() or not url.isascii() or re.search(r"[\s\\]", url):
        raise ValueError(f"a URL with blanks, backslashes or characters beyond ASCII: {url!r}")
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise ValueError(f"expected http(s)://host[:port][/path], not {url!r}")
    _ = parts.port  # raises ValueError where it is none
    require_host(parts.hostname)
    return url.rstrip("/")


def require_host(host: str) -> None:
    """Raise ValueError for a host that is no Dagster's: link-local, of a cloud's metadata, or written to deceive."""
    if not _HOST.fullmatch(host):
        raise ValueError(f"{host!r} is no host")
    ip = _ip(host)
    if ip is None:
        if _NUMERIC.fullmatch(host.lower()):
            raise ValueError(f"{host!r} is an IP address in an unusual form; write it as 192.0.2.1")
        return
    if ip.is_link_local or ip in _METADATA:
        raise ValueError(f"{host} is an address where clouds hand out credentials, not Dagster")


def is_loopback(host: str) -> bool:
    """Whether what is sent to the host stays on this machine."""
    ip = _ip(host)
    return host.lower() == "localhost" if ip is None else ip.is_loopback


def _ip(host: str) -> IPv4Address | IPv6Address | None:
    try:
        ip = ip_address(host)
    except ValueError:
        return None
    if isinstance(ip, IPv6Address):
        return ip.ipv4_mapped or ip.sixtofour or ip
    return ip
