/** The built workstation in the real Electron, with a project of phantoms open, and an "outside" that counts who calls. */
import { mkdtempSync, rmSync } from 'node:fs';
import { createSocket, type Socket } from 'node:dgram';
import { createServer, type Server } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ElectronApplication, Page } from 'playwright-core';
import { launchElectron } from '../e2e/electronProgram.ts';

export interface AttackedApp {
  readonly app: ElectronApplication;
  readonly page: Page;
  readonly projectFolder: string;
  readonly outside: Outside;
  stop(): Promise<void>;
}

export async function startAttackedApp(): Promise<AttackedApp> {
  const folder = mkdtempSync(join(tmpdir(), 'maskloop-attacked-'));
  const outside = await Outside.open();
  const app = await launchElectron(join(folder, 'state'));
  const page = await app.firstWindow();
  await page.waitForFunction(() => 'maskloop' in globalThis);
  const projectFolder = join(folder, 'project');
  await callFromPage(page, 'project.create', { folder: projectFolder });
  await callFromPage(page, 'project.addPhantoms', { caseCount: 1, labelledCount: 1 });
  await page.waitForFunction(
    async () => {
      const bridge = (globalThis as unknown as { maskloop: { call(name: string, input: unknown): Promise<{ value: { cases: unknown[] } }> } }).maskloop;
      return (await bridge.call('dataset.listCases', {})).value.cases.length === 1;
    },
    null,
    { timeout: 60_000, polling: 200 },
  );
  return {
    app,
    page,
    projectFolder,
    outside,
    stop: async () => {
      await app.close();
      await outside.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** As the page itself would call; answers the `Result`, or the message of what the bridge threw. */
export function callFromPage(page: Page, name: unknown, input: unknown): Promise<unknown> {
  return page.evaluate(
    ([callName, callInput]) =>
      (globalThis as unknown as { maskloop: { call(name: unknown, input: unknown): Promise<unknown> } }).maskloop
        .call(callName, callInput)
        .catch((thrown: Error) => thrown.message),
    [name, input] as const,
  );
}

/** Listens for TCP and UDP on one port of this machine, and notes every contact. */
export class Outside {
  readonly contacts: string[] = [];

  private constructor(
    private readonly tcp: Server,
    private readonly udp: Socket,
    readonly port: number,
  ) {
    tcp.on('connection', (socket) => {
      socket.on('error', () => undefined);
      socket.once('data', (bytes) => {
        this.contacts.push(`tcp ${bytes.toString('latin1').split('\r\n')[0]}`);
        socket.end('HTTP/1.1 200 OK\r\nAccess-Control-Allow-Origin: *\r\nContent-Length: 2\r\n\r\nok');
      });
    });
    udp.on('message', (bytes) => this.contacts.push(`udp ${bytes.length} bytes`));
  }

  static async open(): Promise<Outside> {
    const tcp = createServer();
    await new Promise<void>((done) => tcp.listen(0, '127.0.0.1', done));
    const { port } = tcp.address() as AddressInfo;
    const udp = createSocket('udp4');
    await new Promise<void>((done) => udp.bind(port, '127.0.0.1', done));
    return new Outside(tcp, udp, port);
  }

  async close(): Promise<void> {
    this.udp.close();
    await new Promise<void>((done) => this.tcp.close(() => done()));
  }
}
