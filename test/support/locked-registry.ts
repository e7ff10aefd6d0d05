import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

/** A way to a real schema registry that wants a user name and a password (HTTP basic authentication). */
export class LockedRegistry {
  readonly url: string;
  readonly #server: Server;

  private constructor(url: string, server: Server) {
    this.url = url;
    this.#server = server;
  }

  /** `real` is the root of the API behind it. */
  static async start(real: string, username: string, password: string): Promise<LockedRegistry> {
    const key = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
    const server = createServer(async (request, response) => {
      const body = await buffer(request);
      if (request.headers.authorization !== key) {
        response.writeHead(401, { 'www-authenticate': 'Basic realm="registry"' });
        response.end('{"error_code":40101,"message":"Unauthorized"}');
        return;
      }
      const answer = await fetch(new URL(request.url ?? '/', real), {
        method: request.method ?? 'GET',
        headers: { 'content-type': request.headers['content-type'] ?? 'application/json' },
        ...(body.length === 0 ? {} : { body }),
      });
      const type = answer.headers.get('content-type') ?? 'application/json';
      response.writeHead(answer.status, { 'content-type': type }).end(await answer.text());
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    // A listening TCP server has an address with a port.
    const { port } = server.address() as AddressInfo;
    return new LockedRegistry(`http://127.0.0.1:${port}${new URL(real).pathname}`, server);
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
