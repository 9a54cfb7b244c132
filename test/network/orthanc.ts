/** Debian's Orthanc on free ports, with an empty store of its own; stopped with `stop`. */
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { programPath } from '../reference/program.ts';

const program = programPath('Orthanc');
const WEB_PLUGIN = '/usr/share/orthanc/plugins/libOrthancDicomWeb.so';
/** Its database waits for the disk after every object. */
const MEMORY_FOLDER = '/dev/shm';
export const hasOrthanc = program !== null;
export const orthancNotice = hasOrthanc ? '' : ' (skipped: Debian package orthanc is not here)';
export const hasDicomWeb = hasOrthanc && existsSync(WEB_PLUGIN);
export const dicomWebNotice = hasDicomWeb ? '' : ' (skipped: Debian package orthanc-dicomweb is not here)';

export interface OrthancOptions {
  readonly modalities: Record<string, { readonly aeTitle: string; readonly port: number }>;
  readonly user?: { readonly name: string; readonly password: string };
  /** More of its configuration file. */
  readonly more?: Record<string, unknown>;
}

export class Orthanc {
  private constructor(
    private readonly process: ChildProcess,
    private readonly folder: string,
    readonly dicomPort: number,
    readonly httpPort: number,
    private readonly user: OrthancOptions['user'],
  ) {}

  static async start({ modalities, user, more }: OrthancOptions): Promise<Orthanc> {
    const folder = mkdtempSync(join(existsSync(MEMORY_FOLDER) ? MEMORY_FOLDER : tmpdir(), 'maskloop-orthanc-'));
    const [dicomPort, httpPort] = [await freePort(), await freePort()];
    const configuration = {
      Name: 'test',
      StorageDirectory: join(folder, 'store'),
      IndexDirectory: join(folder, 'store'),
      Plugins: hasDicomWeb ? [WEB_PLUGIN] : [],
      DicomAet: 'ORTHANC',
      DicomPort: dicomPort,
      DicomCheckCalledAet: true,
      DicomAlwaysAllowEcho: false,
      DicomAlwaysAllowStore: false,
      HttpPort: httpPort,
      RemoteAccessAllowed: true,
      AuthenticationEnabled: user !== undefined,
      RegisteredUsers: user ? { [user.name]: user.password } : {},
      DicomModalities: Object.fromEntries(
        Object.entries(modalities).map(([name, { aeTitle, port }]) => [name, { AET: aeTitle, Host: '127.0.0.1', Port: port, AllowGet: true, AllowMove: true }]),
      ),
      UnknownSopClassAccepted: false,
      OverwriteInstances: true,
      ConcurrentJobs: 2,
      DicomWeb: { Enable: true, Root: '/dicom-web/', EnableWado: false },
      ...more,
    };
    const file = join(folder, 'orthanc.json');
    writeFileSync(file, JSON.stringify(configuration));
    const log = join(folder, 'log.txt');
    const child = spawn(program!, [`--logfile=${log}`, file], { stdio: 'ignore' });
    const orthanc = new Orthanc(child, folder, dicomPort, httpPort, user);
    for (let tries = 0; tries < 200; tries++) {
      if (orthanc.#isGone) break;
      if (
        await orthanc.ask('/system').then(
          () => true,
          () => false,
        )
      )
        return orthanc;
      await sleep(50);
    }
    const told = existsSync(log) ? readFileSync(log, 'utf8') : '';
    await orthanc.stop();
    throw new Error(`Orthanc does not start: ${told}`);
  }

  get #isGone(): boolean {
    return this.process.exitCode !== null || this.process.signalCode !== null;
  }

  /** GET of its own interface. */
  ask(path: string): Promise<Buffer> {
    const auth = this.user && `${this.user.name}:${this.user.password}`;
    return new Promise((resolve, reject) => {
      get({ host: '127.0.0.1', port: this.httpPort, path, auth }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => (response.statusCode === 200 ? resolve(Buffer.concat(chunks)) : reject(new Error(`${path}: HTTP ${response.statusCode}`))));
      }).on('error', reject);
    });
  }

  /** The bytes of every object it holds, by SOP instance UID. */
  async objects(): Promise<Map<string, Buffer>> {
    const found = new Map<string, Buffer>();
    for (const id of JSON.parse((await this.ask('/instances')).toString()) as string[]) {
      const tags = JSON.parse((await this.ask(`/instances/${id}/simplified-tags`)).toString()) as { SOPInstanceUID: string };
      found.set(tags.SOPInstanceUID, await this.ask(`/instances/${id}/file`));
    }
    return found;
  }

  async stop(): Promise<void> {
    if (!this.#isGone) {
      const gone = new Promise((resolve) => this.process.once('exit', resolve));
      this.process.kill('SIGKILL');
      await gone;
    }
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
