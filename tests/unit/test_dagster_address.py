"""Which addresses are called as Dagster's, and where tokens may go."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from daglab.config_model import Auth, Dagster
from daglab.dagster_address import is_loopback, require_dagster_url, require_host


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost:3000", "https://dagster.example.com/prod", "http://127.0.0.1:3000", "http://[::1]:3000",
        "http://10.0.0.7:3000", "http://dagster:3000", "http://my_service.ns.svc:80", "http://192.0.2.1", "http://3com.example",
    ],
)  # fmt: skip
def test_taken(url: str) -> None:
    assert require_dagster_url(url + "/") == url


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd", "ftp://dagster.example.com", "gopher://x", "//dagster.example.com", "dagster.example.com",
        "http://", "http:///graphql", "http://ann@dagster.example.com", "http://:secret@dagster.example.com",
        "http://dagster.example.com?x=1", "http://dagster.example.com#x", "http://dagster.example.com:99999",
        # link-local, where clouds keep credentials, in all its spellings
        "http://169.254.169.254", "http://169.254.0.1:3000", "http://[fe80::1]:3000", "http://[::ffff:169.254.169.254]",
        "http://[::ffff:a9fe:a9fe]", "http://[2002:a9fe:a9fe::]", "http://[fd00:ec2::254]", "http://100.100.100.200",
        "http://2852039166", "http://0xa9fea9fe", "http://0xa9.0xfe.0xa9.0xfe", "http://0251.0376.0251.0376",
        "http://169.254.43518", "http://169.254.169.254.", "http://2130706433", "http://127.1", "http://0177.0.0.1",
        # what one parser reads otherwise than another
        "http://dagster.example.com\\@169.254.169.254", "http://dagster.example.com @169.254.169.254", "http://a\tb",
        "http://dagster.example.com\n.evil.example", "http://169%2e254.169.254", "http://①⑥⑨.254.169.254", "http://dägster",
    ],
)  # fmt: skip
def test_refused(url: str) -> None:
    """T7."""
    with pytest.raises(ValueError, match=r"."):
        require_dagster_url(url)
    with pytest.raises(ValidationError, match="url"):
        Dagster(url=url)


@pytest.mark.parametrize("host", ["169.254.169.254", "2852039166", "fe80::1", "::ffff:169.254.169.254", "0x7f.1"])
def test_refused_hosts(host: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        require_host(host)
    with pytest.raises(ValidationError, match="host"):
        Dagster(host=host)


@pytest.mark.parametrize(
    ("host", "loopback"),
    [("localhost", True), ("127.0.0.1", True), ("127.8.8.8", True), ("::1", True), ("::ffff:127.0.0.1", True),
     ("localhost.evil.example", False), ("127.0.0.1.evil.example", False), ("10.0.0.1", False), ("0.0.0.0", False)],
)  # fmt: skip
def test_loopback(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback


@pytest.mark.parametrize(
    "url", ["http://ann:canary@host", "ann:canary@host", "http://ann:canary @host", "x://a:canary@b"]
)
def test_a_refused_url_is_not_repeated_where_it_has_a_password(url: str) -> None:
    with pytest.raises(ValueError, match="credentials") as caught:
        require_dagster_url(url)
    assert "canary" not in str(caught.value)


TOKEN = Auth(type="bearer", token_env="T")


def test_a_token_goes_nowhere_in_plain_text_unless_allowed() -> None:
    with pytest.raises(ValidationError, match="plain text"):
        Dagster(url="http://dagster.example.com", auth=TOKEN)
    with pytest.raises(ValidationError, match="plain text"):
        Dagster(host="10.0.0.7", auth=TOKEN)
    assert Dagster(url="http://127.0.0.1:3000", auth=TOKEN).auth.type == "bearer"
    assert Dagster(auth=TOKEN).address == "http://localhost:3000"
    assert Dagster(url="https://dagster.example.com", auth=TOKEN).auth.type == "bearer"
    assert Dagster(url="http://dagster.example.com").auth.type == "none"
    allowed = Auth(type="bearer", token_env="T", allow_plain_http=True)
    assert Dagster(url="http://dagster.example.com", auth=allowed).auth.allow_plain_http
