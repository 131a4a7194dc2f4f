"""Starts the examples that Python's peers talk to."""

import asyncio
import contextlib
from asyncio.subprocess import PIPE


@contextlib.asynccontextmanager
async def listening(program, *arguments):
    """Runs a program that prints "listening on URL", and returns the URL without a slash at its end."""
    process = await asyncio.create_subprocess_exec(program, *arguments, stdout=PIPE)
    try:
        line = (await process.stdout.readline()).decode()
        assert line.startswith("listening on "), f"{program} {arguments}: {line!r}"
        yield line.removeprefix("listening on ").strip().rstrip("/")
    finally:
        process.kill()
        await process.wait()
