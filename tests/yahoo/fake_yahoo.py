"""A stand-in for Yahoo on loopback, which yfinance reaches by an ordinary proxy setting.

An HTTP proxy that answers CONNECT and ends TLS itself, with a certificate of a throw-away
authority. It plays the six hosts that yfinance asks for prices, cookies, crumb and consent
included, so that the real client runs as it is: HTTPS_PROXY and REQUESTS_CA_BUNDLE are all it
takes, in this process or another.
"""

from __future__ import annotations

import contextlib
import json
import ssl
import threading
import time
from collections import deque
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import trustme
from yahoo_charts import Rows, chart, rows

from eventstudy.sources import SnapshotPrices

HOSTS = (
    *("fc.yahoo.com", "guce.yahoo.com", "consent.yahoo.com", "finance.yahoo.com"),
    *("query1.finance.yahoo.com", "query2.finance.yahoo.com"),
)
CHART = "/v8/finance/chart/"
UNKNOWN = {"code": "Not Found", "description": "No data found, symbol may be delisted"}
BEFORE = {"code": "Bad Request", "description": "Data doesn't exist for startDate = 1, endDate = 2"}
FORM = """<html><form method="post" action="https://consent.yahoo.com/v2/collectConsent?sessionId=1">
<input type="hidden" name="csrfToken" value="t"><input type="hidden" name="sessionId" value="1">
</form></html>"""

Fault = str


class FakeYahoo:
    """Yahoo with the bundled figures.

    ``log`` has (method, host, path, query) of every request. ``fail`` scripts what charts of a
    symbol meet: one entry a request, then all is well.
    """

    def __init__(self, folder: Path) -> None:
        authority = trustme.CA()
        self.authority = folder / "authority.pem"
        authority.cert_pem.write_to_path(self.authority)
        pair = folder / "server.pem"
        authority.issue_cert(*HOSTS).private_key_and_cert_chain_pem.write_to_path(pair)
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.tls.load_cert_chain(pair)
        self.tls.set_alpn_protocols(["http/1.1"])
        self.lock = threading.Lock()
        self.server = _Server(("127.0.0.1", 0), _handler(self))
        self.proxy = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.reset()

    def reset(self) -> None:
        self.log: list[tuple[str, str, str, dict[str, str]]] = []
        self.connects: list[str] = []
        self.rows: dict[str, Rows] = {}
        self.scripts: dict[str, deque[Fault]] = {}
        self.lasting: dict[str, Fault] = {}
        self.hosts: dict[str, Fault] = {}
        self.consented = False
        self.asked = ""

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def environment(self, cache: Path) -> dict[str, str]:
        """Environment of a client that shall find this Yahoo, and keep its caches in a folder."""
        proxy = dict.fromkeys(("HTTPS_PROXY", "https_proxy"), self.proxy)
        bundle = dict.fromkeys(("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"), str(self.authority))
        return {**proxy, **bundle, "NO_PROXY": "", "no_proxy": "", "XDG_CACHE_HOME": str(cache)}

    def fail(self, symbol: str, *faults: Fault, forever: bool = False) -> None:
        if forever:
            (self.lasting[symbol],) = faults
        else:
            self.scripts[symbol] = deque(faults)

    def charts(self, symbol: str = "") -> int:
        """Count the requests for charts, of one symbol or all."""
        asked = [path.removeprefix(CHART) for _, _, path, _ in self.log if CHART in path]
        return sum(not symbol or other == symbol for other in asked)

    def fault(self, symbol: str) -> Fault:
        with self.lock:
            if self.scripts.get(symbol):
                return self.scripts[symbol].popleft()
        return self.lasting.get(symbol, "")

    def body(self, symbol: str, query: dict[str, str]) -> Any:
        last = int(query.get("period2", time.time()))
        return chart(self.rows.get(symbol) or rows(symbol), int(query.get("period1", 0)), last)

    def has(self, symbol: str) -> bool:
        return symbol in self.rows or symbol in SnapshotPrices().tickers


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: clients that give up are what the tests are about."""


def _handler(yahoo: FakeYahoo) -> type[BaseHTTPRequestHandler]:
    class Handler(_Handler):
        pass

    Handler.yahoo = yahoo
    return Handler


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 30
    yahoo: FakeYahoo

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""

    def do_CONNECT(self) -> None:
        host = self.path.split(":")[0]
        with self.yahoo.lock:
            self.yahoo.connects.append(host)
        fault = self.yahoo.hosts.get(host)
        if fault == "refused":
            self.send_error(502)
            return
        if fault == "hang":
            time.sleep(30)
            return
        self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        self.connection = self.request = self.yahoo.tls.wrap_socket(
            self.connection, server_side=True
        )
        self.rfile, self.wfile = self.connection.makefile("rb"), self.connection.makefile("wb", 0)
        self.close_connection = False

    def finish(self) -> None:
        # Only the socket under the TLS is closed by the server itself.
        for part in (self.rfile, self.wfile, self.connection):
            with contextlib.suppress(OSError):
                part.close()

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        host = (self.headers.get("Host") or "").split(":")[0]
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path = unquote(parts.path)
        with self.yahoo.lock:
            self.yahoo.log.append((self.command, host, path, query))
        if path.startswith(CHART):
            self._chart(path.removeprefix(CHART), query)
        elif path == "/v1/test/getcrumb":
            self._crumb()
        else:
            self._cookie(host, path)

    do_POST = do_GET  # noqa: N815

    def _send(self, status: int, body: str, kind: str = "application/json", **headers: str) -> None:
        data = body.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(data)

    def _page(self, status: int, body: str, **headers: str) -> None:
        self._send(status, body, "text/html", **headers)

    def _cookie(self, host: str, path: str) -> None:
        until = (datetime.now(UTC) + timedelta(days=365)).strftime("%a, %d %b %Y %H:%M:%S GMT")
        cookie = f"A3=d=FAKE; Expires={until}; Domain=.yahoo.com; Path=/; SameSite=None; Secure"
        if host == "fc.yahoo.com":
            self._page(404, "<html>not found</html>", Set_Cookie=cookie)
        elif path == "/v2/collectConsent" and self.command == "POST":
            self.yahoo.consented = True
            back = self.yahoo.asked
            self.send_response(302)
            self.send_header("Location", back)
            self.send_header("Content-Length", "0")
            self.end_headers()
        elif path in ("/consent", "/v2/collectConsent"):
            self._page(200, FORM, Set_Cookie=cookie)
        else:
            self._page(200, "<html>well</html>")

    def _crumb(self) -> None:
        if self.yahoo.hosts.get("crumb") == "429":
            self._page(429, "Too Many Requests")
        elif "A3=" in (self.headers.get("Cookie") or ""):
            self._send(200, "crumb", "text/plain")
        else:
            self._send(401, json.dumps({"finance": {"error": {"code": "Unauthorized"}}}))

    def _chart(self, symbol: str, query: dict[str, str]) -> None:
        fault = self.yahoo.fault(symbol)
        if fault.isdigit() and fault != "404":
            self._page(int(fault), "<html>oops</html>")
        elif fault == "404" or not self.yahoo.has(symbol):
            self._send(404, json.dumps({"chart": {"result": None, "error": UNKNOWN}}))
        elif fault == "before":
            self._send(400, json.dumps({"chart": {"result": None, "error": BEFORE}}))
        elif fault == "html":
            self._page(200, "<html>Will be right back...</html>")
        elif fault == "empty":
            self._send(200, "")
        elif fault == "null":
            self._send(200, json.dumps({"chart": {"result": None, "error": None}}))
        elif fault == "nonsense":
            self._send(200, json.dumps({"chart": {"result": [{"meta": {}}], "error": None}}))
        elif fault == "hang":
            time.sleep(30)
        elif fault == "reset":
            self.close_connection = True
            self.connection.close()
        elif fault == "consent" and not self.yahoo.consented:
            self.yahoo.asked = f"https://{self.headers['Host']}{self.path}"
            self._page(302, "", Location="https://consent.yahoo.com/v2/collectConsent?sessionId=1")
        else:
            self._figures(fault, json.dumps(self.yahoo.body(symbol, query)))

    def _figures(self, fault: Fault, text: str) -> None:
        if fault == "truncate":
            self._send(200, text[: len(text) // 2])
        elif fault == "cut":
            self.send_response(200)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text[: len(text) // 2].encode())
            self.close_connection = True
            with contextlib.suppress(OSError):
                self.connection.unwrap()
        elif fault == "drip":
            self.send_response(200)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            for letter in text:
                self.wfile.write(letter.encode())
                time.sleep(0.2)
        else:
            self._send(200, text)
