import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** How it answers: as the real one, by dropping the connection, not at all, or that it has nothing. */
export type Illness = 'none' | 'down' | 'slow' | '404';

/** A way to the schema registry that fails on order. */
export class IllRegistry {
  #illness: Illness = 'none';
  /** Questions that came since it fell ill. */
  asked = 0;
  readonly #server: Server;

  constructor(real: string) {
    this.#server = createServer(async (request, response) => {
      if (this.#illness !== 'none') this.asked += 1;
      if (this.#illness === 'slow') return;
      if (this.#illness === 'down') return void request.socket.destroy();
      if (this.#illness === '404')
        return void response.writeHead(404).end('{"error_code":40403,"message":"Schema not found"}');
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const { method = 'GET', url = '/' } = request;
      const answer = await fetch(new URL(url, real), {
        method,
        headers: { 'content-type': request.headers['content-type'] ?? 'application/json' },
        ...(chunks.length === 0 ? {} : { body: Buffer.concat(chunks) }),
      });
      const type = answer.headers.get('content-type') ?? 'application/json';
      response.writeHead(answer.status, { 'content-type': type }).end(await answer.text());
    });
  }

  async start(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
  }

  fallIll(illness: Illness): void {
    this.#illness = illness;
    this.asked = 0;
  }

  getWell(): void {
    this.#illness = 'none';
  }

  /** Where it answers for a registry whose API begins at that path. */
  urlOf(real: string): string {
    // A listening TCP server has an address with a port.
    const { port } = this.#server.address() as AddressInfo;
    return `http://127.0.0.1:${port}${new URL(real).pathname}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
