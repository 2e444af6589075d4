"""A reverse proxy that ends TLS before a Jupyter server, run as a program: ``tls_front.py PORT BACKEND CERTIFICATE``.

One request a connection, except for websockets; it says in the headers what it took away, as nginx is told to.
"""

from __future__ import annotations

import asyncio
import ssl
import sys

LOOPBACK = "127.0.0.1"


async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    except ConnectionError:
        pass
    finally:
        writer.close()


async def main(port: int, backend: int, certificate: str) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            inner_reader, inner_writer = await asyncio.open_connection(LOOPBACK, backend)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()
            return
        request, *headers = head[:-4].split(b"\r\n")
        is_socket = any(header.lower().startswith(b"upgrade:") for header in headers)
        kept = [header for header in headers if is_socket or not header.lower().startswith(b"connection:")]
        kept += [
            b"X-Forwarded-Proto: https",
            b"X-Forwarded-For: 192.0.2.7",
            *([] if is_socket else [b"Connection: close"]),
        ]
        inner_writer.write(b"\r\n".join([request, *kept]) + b"\r\n\r\n")
        await asyncio.gather(carry(reader, inner_writer), carry(inner_reader, writer))

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server = await asyncio.start_server(serve, LOOPBACK, port, ssl=context)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]))
