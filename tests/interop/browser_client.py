"""Chromium as a client of the echo server: python browser_client.py ws://HOST:PORT/ CHROMIUM

Opens the page that the server returns for a plain GET, uses it like a person, and then runs a
script in it.
"""

import sys

import browser

URL, CHROMIUM = sys.argv[1:]

USES_THE_PAGE = """
new Promise(done => {
  const log = document.getElementById("log");
  let said = false;
  const look = () => {
    if (log.textContent.includes("connected to") && !said) {
      said = true;
      document.querySelector("input").value = "grüße 🦀";
      document.querySelector("form").requestSubmit();
    }
    if (log.textContent.includes("← grüße 🦀")) done(true);
  };
  new MutationObserver(look).observe(log, {childList: true, characterData: true, subtree: true});
  look();
})
"""


async def main(devtools_port):
    async with browser.opened(devtools_port, URL.replace("ws://", "http://")) as devtools:
        assert await browser.evaluate(devtools, USES_THE_PAGE)
        print("  Chromium: the page echoes what is typed into it")
        await browser.echoes(devtools, URL)
        print("  Chromium: text, binary, subprotocol and close code")


browser.run(CHROMIUM, main)
