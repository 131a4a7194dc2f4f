"""Chromium as a client of sansock-tokio: python browser_chat.py CHROMIUM CHAT-URL [ECHO-URL]...

Opens the page of the chat in two tabs and a third one in another room, uses them like people, and
then exchanges messages with the echo servers, which compress them.
"""

import sys

import browser

CHROMIUM, CHAT, *ECHOES = sys.argv[1:]

CONNECTED = """
new Promise(done => {
  const log = document.getElementById("log");
  const look = () => { if (log.textContent.includes("connected")) done(true); };
  new MutationObserver(look).observe(log, {childList: true, characterData: true, subtree: true});
  look();
})
"""
HEARS = CONNECTED.replace("connected", "WORDS")
SAYS = """
document.getElementById("name").value = "NAME";
document.getElementById("text").value = "WORDS";
document.querySelector("form").requestSubmit();
"""


async def says(tab, name, words):
    await browser.evaluate(tab, SAYS.replace("NAME", name).replace("WORDS", words))


async def hears(tab, words):
    assert await browser.evaluate(tab, HEARS.replace("WORDS", words))


async def main(devtools_port):
    page = CHAT.replace("ws://", "http://")
    async with (
        browser.opened(devtools_port, page + "red") as ada,
        browser.opened(devtools_port, page + "red") as bob,
        browser.opened(devtools_port, page + "blue") as eve,
    ):
        for tab in (ada, bob, eve):
            assert await browser.evaluate(tab, CONNECTED)
        await says(ada, "Ada", "grüße 🦀")
        for tab in (ada, bob):
            await hears(tab, "Ada: grüße 🦀")
        await says(bob, "Bob", "hello")
        await hears(ada, "Bob: hello")
        await says(eve, "Eve", "nobody here")
        await hears(eve, "Eve: nobody here")
        heard = await browser.evaluate(eve, "document.getElementById('log').textContent")
        assert heard == "Eve: nobody here\nconnected\n", heard
        print("  Chromium: the chat's page, in two rooms")
        for url in ECHOES:
            await browser.echoes(ada, url, "permessage-deflate")
            print(f"  Chromium: text, binary, subprotocol and close code, {url.partition(':')[0]}")


browser.run(CHROMIUM, main)
