"""Chromium as a client of hyper_page_and_echo: python browser_pages.py CHROMIUM HTTP-URL HTTPS-URL

Standard input is what the server prints: the version of HTTP of each WebSocket. Chromium uses
Extended CONNECT only over a connection of HTTP/2 that it has already, as for the page.
"""

import asyncio
import sys

import browser

CHROMIUM, *URLS = sys.argv[1:]
PLAIN, SECURE = (url.replace("127.0.0.1", "localhost") for url in URLS)

USES_THE_PAGE = """
new Promise(done => {
  const log = document.querySelector("pre");
  const say = () => {
    document.querySelector("input").value = "grüße 🦀";
    document.querySelector("form").requestSubmit();
  };
  new MutationObserver(() => done([log.textContent, ws.protocol])).observe(log, {childList: true});
  if (ws.readyState === WebSocket.OPEN) say(); else ws.addEventListener("open", say);
})
"""
VERSION = "performance.getEntriesByType('navigation')[0].nextHopProtocol"


async def expect_version(version):
    """Reads the server's next line."""
    line = await asyncio.to_thread(sys.stdin.readline)
    assert line == f"WebSocket over {version}\n", line


async def try_page(devtools_port, page, name, version):
    async with browser.opened(devtools_port, page) as devtools:
        assert await browser.evaluate(devtools, USES_THE_PAGE) == ["grüße 🦀\n", "echo"]
        assert await browser.evaluate(devtools, VERSION) == name
        await expect_version(version)
        await browser.echoes(devtools, page.replace("http", "ws", 1) + "echo")
        await expect_version(version)
        scheme = page.partition(":")[0]
        print(f"  Chromium: the page, text, binary, subprotocol and close code, {scheme}, {version}")


async def main(devtools_port):
    async with browser.opened(devtools_port, "about:blank") as devtools:
        await browser.echoes(devtools, SECURE.replace("https", "wss") + "echo")
        await expect_version("HTTP/1.1")
        print("  Chromium: text, binary, subprotocol and close code, wss without a page before, HTTP/1.1")
    await try_page(devtools_port, PLAIN, "http/1.1", "HTTP/1.1")
    await try_page(devtools_port, SECURE, "h2", "HTTP/2.0")


browser.run(CHROMIUM, main)
