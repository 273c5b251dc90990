"""Whom the page answers, and what its answers allow a browser to do."""

import pytest

ANSWERED = [
    "localhost",
    "LOCALHOST:8642",
    "127.0.0.1:8642",
    "127.3.2.1",
    "[::1]:8642",
    "localhost.",
]
REFUSED = [
    "example.org",
    "example.org:8642",
    "127.0.0.1.example.org",
    "localhost.example.org",
    "192.168.1.7:8642",
    "0.0.0.0",
    "",
    "[::1",
    "lab:8642",
]
PATHS = ["/", "/studies/second/demo", "/studies/none/demo", "/static/ui.js", "/nothing"]


@pytest.mark.parametrize("host", ANSWERED)
def test_this_machine_is_answered(client, host):
    assert client.get("/static/ui.css", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("host", REFUSED)
@pytest.mark.parametrize("path", ["/", "/static/ui.css", "/studies/second/demo/charts.json"])
def test_another_host_is_refused(client, host, path):
    answer = client.get(path, headers={"Host": host})
    expected = 200 if host == "[::1" else 421  # an address without its bracket's end is that one
    assert answer.status_code == expected
    if expected == 421:
        assert answer.headers["content-type"] == "text/plain; charset=utf-8"
        assert "only under the address" in answer.text


@pytest.mark.parametrize(
    "origin", ["http://example.org", "null", "https://localhost:8642", "http://localhost:9"]
)
def test_another_origin_is_refused(client, origin):
    answer = client.get("/", headers={"Origin": origin})
    assert answer.status_code == 403
    assert answer.text == "Pages of other sites may not read this one.\n"


def test_its_own_origin_is_answered(client):
    assert client.get("/", headers={"Origin": "http://localhost:8642"}).status_code == 200


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
@pytest.mark.parametrize(
    ("mode", "dest", "status"),
    [
        ("no-cors", "script", 403),
        ("no-cors", "image", 403),
        ("navigate", "iframe", 403),
        ("navigate", "document", 200),
    ],
)
def test_of_another_site_only_a_link_is_followed(client, site, mode, dest, status):
    said = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": mode, "Sec-Fetch-Dest": dest}
    assert client.get("/", headers=said).status_code == status


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_nothing_can_be_changed(client, method):
    answer = client.request(method, "/studies/second/demo")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize("path", PATHS)
def test_a_browser_may_load_nothing_else(client, path):
    headers = client.get(path).headers
    policy = dict(
        part.strip().partition(" ")[::2] for part in headers["content-security-policy"].split(";")
    )
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert "access-control-allow-origin" not in headers


def test_a_refusal_has_the_same_headers(client):
    headers = client.get("/", headers={"Host": "example.org"}).headers
    assert headers["content-security-policy"].startswith("default-src 'none'")


def test_head_is_as_get_without_a_body(client):
    whole, head = client.get("/static/ui.css"), client.head("/static/ui.css")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["etag"] == whole.headers["etag"]


class TestBoundToAll:
    """A page that others may see answers to addresses in numbers, and not to any name."""

    @pytest.mark.parametrize(
        ("host", "status"),
        [("192.168.1.7:8642", 200), ("[fe80::1]:1", 200), ("localhost", 200), ("evil.org", 421)],
    )
    def test_hosts(self, lab, host, status):
        from starlette.testclient import TestClient  # noqa: PLC0415

        from paribus.ui import make_app  # noqa: PLC0415

        client = TestClient(make_app(lab, "0.0.0.0"), base_url="http://localhost")
        assert client.get("/static/ui.css", headers={"Host": host}).status_code == status
