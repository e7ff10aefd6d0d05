import { connect, createServer, type Server, type Socket } from 'node:net';

/** A way to the database on which every message to it takes `delayMs`; 0 is at once. */
export class SlowDatabase {
  delayMs = 0;
  readonly #real: URL;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  constructor(real: string) {
    this.#real = new URL(real);
    this.#server = createServer((client) => this.#join(client));
  }

  async start(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
  }

  /** The same database by this way. */
  urlOf(database: string): string {
    const url = new URL(database);
    const address = this.#server.address();
    if (typeof address === 'object' && address !== null) url.port = String(address.port);
    return url.href;
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #join(client: Socket): void {
    const database = connect(Number(this.#real.port), this.#real.hostname);
    for (const [from, to] of [
      [client, database],
      [database, client],
    ] as const) {
      this.#sockets.add(from);
      from.on('error', () => to.destroy());
      from.on('close', () => {
        this.#sockets.delete(from);
        to.destroy();
      });
    }
    database.on('data', (bytes) => client.write(bytes));
    // What was asked first arrives first, also when the delay changes.
    let before = Promise.resolve();
    client.on('data', (bytes) => {
      const waited = new Promise<void>((resume) => setTimeout(resume, this.delayMs));
      before = Promise.all([before, waited]).then(() => void (database.destroyed || database.write(bytes)));
    });
  }
}
