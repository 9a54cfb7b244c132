/** `npm run dist`: what is in the package, that nobody can turn it into something else, and that it works where nothing else is. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { listPackage } from '@electron/asar';
import { flipFuses, FuseV1Options, FuseVersion, getCurrentFuseWire } from '@electron/fuses';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '../..');
const isReady = process.platform === 'linux' && existsSync(join(root, 'node_modules/.cache/maskloop/electron.json'));
const hasDisplay = process.env.DISPLAY !== undefined;
/** A network of its own without any way out, as root only. */
const canBeOffline = process.getuid?.() === 0 && spawnSync('unshare', ['-n', '-m', 'ip', 'link', 'set', 'lo', 'up']).status === 0;

describe.skipIf(!isReady)('the package (needs Linux and npm run setup)', () => {
  const folder = mkdtempSync(join(tmpdir(), 'maskloop-packaged-'));
  let printed = '';
  let unpacked = '';
  let program = '';

  beforeAll(() => {
    const made = spawnSync(process.execPath, [join(root, 'scripts/dist.mjs'), '--no-installers'], { cwd: root, encoding: 'utf8' });
    printed = `${made.stdout}${made.stderr}`;
    expect(made.status, printed).toBe(0);
    const archive = /^ {2}(\S+\.tar\.gz)$/m.exec(printed)![1]!;
    expect(spawnSync('tar', ['-C', folder, '-xzf', archive]).status).toBe(0);
    unpacked = join(folder, basename(archive, '.tar.gz'));
    program = join(unpacked, 'maskloop');
  }, 900_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const run = (args: string[], env: Record<string, string> = {}): { status: number | null; output: string } => {
    const { status, stdout, stderr } = spawnSync(program, ['--no-sandbox', '--disable-gpu', ...args], {
      encoding: 'utf8',
      timeout: 30_000,
      env: { ...process.env, MASKLOOP_STATE: join(folder, 'refused'), ...env },
    });
    return { status, output: stdout + stderr };
  };

  it('holds the bundles, the database, TensorFlow, licences, and no package besides', () => {
    const resources = join(unpacked, 'resources');
    const packages = readdirSync(join(resources, 'node_modules')).flatMap((name) =>
      name.startsWith('@') ? readdirSync(join(resources, 'node_modules', name)).map((inner) => `${name}/${inner}`) : [name],
    );
    expect(packages.sort()).toEqual(['@libsql/linux-x64-gnu', '@libsql/linux-x64-musl', '@neon-rs/load', '@tensorflow/tfjs-node', 'libsql']);
    const archived = listPackage(join(resources, 'app.asar'), { isPack: false });
    expect(archived).toEqual(
      expect.arrayContaining(['/package.json', '/dist/electron/app.cjs', '/dist/electron/preload.cjs', '/dist/main/compute.cjs', '/dist/renderer/index.html']),
    );
    expect(archived.filter((path) => /node_modules|\.map$|\.ts$/.test(path))).toEqual([]);
    expect(readdirSync(resources).sort()).toEqual(['LICENSE', 'THIRD-PARTY-NOTICES.txt', 'app.asar', 'app.asar.unpacked', 'node_modules']);
    const notices = readFileSync(join(resources, 'THIRD-PARTY-NOTICES.txt'), 'utf8');
    for (const name of ['@cornerstonejs/core', 'svelte', 'libsql', 'TensorFlow 2.']) expect(notices).toContain(name);
  });

  it('tells the size of its parts', () => {
    expect(printed).toMatch(/TensorFlow +\d+\.\d MB of +\d+/);
    expect(printed).toMatch(/together +\d+\.\d MB of +\d+/);
  });

  it('has its fuses set in the program itself', async () => {
    const { version, ...wire } = await getCurrentFuseWire(program);
    expect(version).toBe(FuseVersion.V1);
    // A byte of the program each: '0' or '1'.
    const states = Object.fromEntries(Object.entries(wire).map(([fuse, state]) => [FuseV1Options[Number(fuse)], Number(state) === '1'.charCodeAt(0)]));
    expect(states).toMatchObject({
      RunAsNode: false,
      EnableCookieEncryption: true,
      EnableNodeOptionsEnvironmentVariable: false,
      EnableNodeCliInspectArguments: false,
      EnableEmbeddedAsarIntegrityValidation: true,
      OnlyLoadAppFromAsar: true,
      LoadBrowserProcessSpecificV8Snapshot: false,
    });
  });

  it.skipIf(!hasDisplay)('ends when somebody would drive it, and is no Node', () => {
    expect(run(['--remote-debugging-port=0']).status).toBe(1);
    // Ends at once as above; as Node or as debugger it would have said something first.
    expect(run(['--inspect=0', '--remote-debugging-port=0']).output).not.toContain('Debugger listening');
    const asNode = run(['-e', 'console.log("node " + process.version)', '--remote-debugging-port=0'], { ELECTRON_RUN_AS_NODE: '1' });
    expect(asNode.output).not.toContain('node v');
  });

  it.skipIf(!hasDisplay || !canBeOffline)(
    'walks the loop far from the checkout, without network (needs root, unshare and a display)',
    async () => {
      await unlock(unpacked, program);
      const walk = join(folder, 'walk');
      mkdirSync(walk);
      const cache = process.env.MASKLOOP_CACHE || join(homedir(), '.cache/maskloop');
      const script = ['ip link set lo up', `mount -t tmpfs tmpfs "${cache}"`, 'exec "$0" "$@"'].join(' && ');
      const vitest = [
        join(root, 'node_modules/vitest/vitest.mjs'),
        'run',
        '--config',
        join(root, 'test/e2e/offline/vitest.config.ts'),
        '--reporter=verbose',
        '--no-color',
      ];
      const { status, stdout, stderr } = spawnSync('unshare', ['-n', '-m', 'sh', '-c', script, process.execPath, ...vitest], {
        cwd: join(root, 'test/e2e/offline'),
        encoding: 'utf8',
        env: { ...process.env, MASKLOOP_PACKAGED: program, MASKLOOP_WALK: walk },
      });
      expect(status, stdout + stderr).toBe(0);
      expect(stdout).toMatch(/Tests +2 passed/);
    },
    900_000,
  );
});

/** In the copy under test: the two locks that keep everybody else from driving the program, and Playwright as well. */
async function unlock(unpacked: string, program: string): Promise<void> {
  await flipFuses(program, { version: FuseVersion.V1, [FuseV1Options.EnableNodeCliInspectArguments]: true });
  const archive = join(unpacked, 'resources/app.asar');
  const bytes = readFileSync(archive);
  const lock = Buffer.from('.isPackaged && isDebugged)');
  const at = bytes.indexOf(lock);
  expect(at).toBeGreaterThan(0);
  expect(bytes.indexOf(lock, at + 1)).toBe(-1);
  bytes.write('false     ', at + lock.indexOf('isDebugged'));
  writeFileSync(archive, bytes);
}
