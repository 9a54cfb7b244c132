/**
 * The add-on for graphics cards, with the real libraries of the processor under a manifest of a graphics runtime: no card was at hand
 * where this was written, so nothing here has run on one.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { computeEnvironment } from '../../main/host/computeEnvironment.ts';
import { createForkComputeHost } from '../../main/host/forkComputeHost.ts';
import { GPU_RUNTIME, type RuntimeManifest } from '../../main/host/gpuManifest.ts';
import { createGpuRuntimeAbility } from '../../main/host/gpuRuntimeAbility.ts';
import {
  downloadCommand,
  gpuRuntimeFolder,
  gpuRuntimeState,
  hasCudaGpu,
  installGpuRuntime,
  rememberWhetherItRuns,
  removeGpuRuntime,
} from '../../main/host/gpuRuntime.ts';
import type { ComputeHost } from '../../main/jobs/computeHost.ts';
import { runShortTask } from '../../main/services/shortTask.ts';
import { bundleCompute } from '../../main/workers/testing/bundleCompute.ts';
import { writeZip } from '../phantoms/writeZip.ts';

const root = resolve(import.meta.dirname, '../..');
const libraries = join(root, 'node_modules/@tensorflow/tfjs-node/deps/lib');
const isHere = process.platform === 'linux' && process.arch === 'x64' && existsSync(join(libraries, 'libtensorflow_cc.so.2'));
const notice = isHere ? '' : ' (skipped: libtensorflow for linux-x64 is not set up here)';

let work: string;
beforeAll(() => {
  work = mkdtempSync(join(tmpdir(), 'maskloop-runtime-'));
});
afterAll(() => rmSync(work, { recursive: true, force: true }));

const hashOf = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex');

/** Two wheels; the manifest has the name of the real one, so that the program takes it for it. */
function smallWheels(name: string) {
  const [from, state] = [join(work, name, 'wheels'), join(work, name, 'state')];
  mkdirSync(from, { recursive: true });
  const wheels = {
    'tensorflow-2.21.0-cp311-cp311-manylinux_2_27_x86_64.whl': [
      'tensorflow/libtensorflow_cc.so.2',
      'tensorflow/libtensorflow_framework.so.2',
      'tensorflow/python/keep_out.py',
    ],
    'nvidia_cublas_cu12-12.9.3.13-py3-none-manylinux_2_27_x86_64.whl': ['nvidia/cublas/lib/libcublas.so.12'],
  };
  for (const [file, names] of Object.entries(wheels))
    writeFileSync(join(from, file), writeZip(names.map((one) => ({ name: one, bytes: Buffer.from(`library ${one}`) }))));
  const [tensorflow, cublas] = Object.keys(wheels).map((file) => join(from, file));
  const parts = [
    { requirement: 'tensorflow==2.21.0', sha256: hashOf(tensorflow!) },
    { requirement: 'nvidia-cublas-cu12==12.9.3.13', sha256: hashOf(cublas!) },
  ];
  const manifest: RuntimeManifest = { ...GPU_RUNTIME, platform: `${process.platform}-${process.arch}`, parts };
  const install = (changed: Partial<RuntimeManifest> = {}) => installGpuRuntime(state, from, { ...manifest, ...changed });
  return { from, state, manifest, tensorflow: tensorflow!, cublas: cublas!, install };
}

describe('the runtime for graphics cards', () => {
  it('has the wheels and hashes that a setup takes, and says how to fetch them', () => {
    const pins = readFileSync(join(root, 'scripts/setup/pins.mjs'), 'utf8');
    for (const { sha256 } of GPU_RUNTIME.parts) expect(pins).toContain(sha256);
    const nvidia = [...pins.matchAll(/\['(nvidia-[^']+)', '([0-9a-f]{64})'\]/g)].map(([, requirement, sha256]) => ({ requirement, sha256 }));
    expect(GPU_RUNTIME.parts.slice(1)).toEqual(nvidia);
    expect(downloadCommand(GPU_RUNTIME, 'w')).toMatch(/^pip download .*--dest w tensorflow==2\.21\.0 nvidia-cublas-cu12==/);
  });

  it('is laid out as TensorFlow looks for it, without what else is in the wheels, and goes again', async () => {
    const { state, install } = smallWheels('layout');
    expect(gpuRuntimeState(state)).toEqual({ kind: 'absent' });
    const folder = await install();
    expect(folder).toBe(gpuRuntimeFolder(state));
    expect(readdirSync(folder).sort()).toEqual(['lib', 'nvidia']);
    expect(readdirSync(join(folder, 'lib')).sort()).toEqual(['libtensorflow.so.2', 'libtensorflow_cc.so.2', 'libtensorflow_framework.so.2']);
    expect(readFileSync(join(folder, 'nvidia/cublas/lib/libcublas.so.12'), 'utf8')).toContain('libcublas');
    expect(gpuRuntimeState(state)).toEqual({ kind: 'ready' });
    await install();
    expect(readdirSync(join(state, 'runtimes'))).toEqual([GPU_RUNTIME.id]);
    await removeGpuRuntime(state);
    await removeGpuRuntime(state);
    expect(gpuRuntimeState(state)).toEqual({ kind: 'absent' });
  });

  it('is refused where a wheel was changed, is missing, or is for another computer, and nothing is written', async () => {
    const { from, state, cublas, tensorflow, install } = smallWheels('tampered');
    appendFileSync(cublas, 'x');
    await expect(install()).rejects.toMatchObject({
      error: { code: 'contract/bad-input', issues: [expect.stringContaining(`${cublas} is not the file that was published`)] },
    });
    rmSync(tensorflow);
    await expect(install()).rejects.toMatchObject({ error: { issues: [`--from: ${from} has no wheel of tensorflow==2.21.0`] } });
    await expect(install({ platform: 'darwin-arm64' })).rejects.toMatchObject({ error: { issues: [expect.stringContaining('is for darwin-arm64')] } });
    await expect(installGpuRuntime(state, join(work, 'nowhere'))).rejects.toMatchObject({ error: { issues: [expect.stringContaining('nowhere')] } });
    expect(existsSync(state)).toBe(false);
  });

  it('is fetched from a package index, installed, and its wheels go; a download that is given up leaves nothing installed', async () => {
    const { from, state, manifest } = smallWheels('fetched');
    let isSlow = true;
    const server = createServer((request, response) => {
      const file = readdirSync(from).find((name) => request.url === `/files/${name}`);
      if (file && isSlow) return void response.write('PK');
      if (file) return void response.end(readFileSync(join(from, file)));
      const files = readdirSync(from).map((name) => ({
        url: `/files/${name}`,
        size: statSync(join(from, name)).size,
        hashes: { sha256: hashOf(join(from, name)) },
      }));
      response.end(JSON.stringify({ files }));
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const index = `http://127.0.0.1:${(server.address() as AddressInfo).port}/simple`;
    const host: ComputeHost = {
      start: () => {
        throw new Error('no process here');
      },
    };
    const ability = createGpuRuntimeAbility(state, () => host, manifest);
    try {
      const given = ability.download(index);
      await expect.poll(() => ability.info().fetching?.totalBytes).toBeGreaterThan(100);
      await expect(ability.download(index)).rejects.toMatchObject({ error: { code: 'contract/bad-input' } });
      ability.stopDownload();
      await given;
      expect(ability.info()).toMatchObject({ state: 'absent', fetching: null });
      isSlow = false;
      const told: number[] = [];
      await ability.download(index, (received) => told.push(received));
      expect(told.at(-1)).toBe(readdirSync(from).reduce((sum, name) => sum + statSync(join(from, name)).size, 0));
      expect(readdirSync(join(state, 'runtimes'))).toEqual([GPU_RUNTIME.id]);
      expect(ability.info()).toMatchObject({ state: 'unusable', reason: expect.stringContaining('no process here') });
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });

  it('is taken where there is a card, unless the settings say otherwise or it does not run', async () => {
    const { state, install } = smallWheels('choice');
    const folder = await install();
    const taken = (hasGpu = true) => computeEnvironment(state, () => hasGpu).LD_LIBRARY_PATH?.split(':')[0] === join(folder, 'lib');
    expect([taken(), taken(false)]).toEqual([true, false]);
    await rememberWhetherItRuns(state, 'the card is too old');
    expect(gpuRuntimeState(state)).toEqual({ kind: 'unusable', reason: 'the card is too old' });
    expect(taken()).toBe(false);
    await rememberWhetherItRuns(state, null);
    expect(taken()).toBe(true);
    await removeGpuRuntime(state);
    expect(taken()).toBe(false);
  });

  it.runIf(isHere)(`is what a compute process loads and trains with, and one that does not load is named${notice}`, { timeout: 90_000 }, async () => {
    const [from, state] = [join(work, 'real'), join(work, 'real-state')];
    mkdirSync(from);
    const wheel = join(from, 'tensorflow-2.21.0-cp311-cp311-manylinux_2_27_x86_64.whl');
    const zip = "import sys, zipfile\nwith zipfile.ZipFile(sys.argv[1], 'w') as z:\n  for n in sys.argv[3:]: z.write(sys.argv[2] + '/' + n, 'tensorflow/' + n)";
    execFileSync('python3', ['-c', zip, wheel, realpathSync(libraries), 'libtensorflow_cc.so.2', 'libtensorflow_framework.so.2']);
    const sha256 = hashOf(wheel);
    const manifest: RuntimeManifest = { ...GPU_RUNTIME, parts: [{ requirement: 'tensorflow==2.21.0', sha256 }] };
    const { script, remove } = await bundleCompute('gpuRuntime');
    try {
      const seen: string[] = [];
      const noting = (host: ComputeHost): ComputeHost => ({
        start: (listeners) => host.start({ ...listeners, onExit: (code, signal, tail) => (seen.push(tail), listeners.onExit(code, signal, tail)) }),
      });
      const ability = createGpuRuntimeAbility(
        state,
        (environment) => noting(createForkComputeHost(script, () => ({ ...environment(), LD_DEBUG: 'libs' }))),
        manifest,
      );
      await ability.install(from);
      const { folder, ...info } = ability.info();
      expect(info).toMatchObject({ state: 'ready', reason: null, hasGpu: hasCudaGpu(), isUsed: hasCudaGpu() });
      expect(seen.join('')).toContain(join(folder, 'lib', 'libtensorflow_framework.so.2'));
      rmSync(wheel);

      const chosen = createForkComputeHost(script, () => computeEnvironment(state, () => true));
      expect(await runShortTask(chosen, { task: 'checkRuntime' })).toMatchObject({ version: expect.stringContaining('2.21.0') });
      writeFileSync(join(folder, 'lib', 'libtensorflow_framework.so.2'), 'no library');
      await expect(runShortTask(chosen, { task: 'checkRuntime' })).rejects.toMatchObject({ error: { code: expect.stringMatching(/^runtime\//) } });
      await ability.remove();
      expect(ability.info()).toMatchObject({ state: 'absent', isUsed: false });
    } finally {
      remove();
    }
  });

  it.runIf(isHere)(`stays out of the way where it does not run, and says why${notice}`, { timeout: 60_000 }, async () => {
    const { from, state, manifest } = smallWheels('broken');
    const { script, remove } = await bundleCompute('gpuRuntimeBroken');
    try {
      const ability = createGpuRuntimeAbility(state, (environment) => createForkComputeHost(script, environment), manifest);
      await ability.install(from);
      expect(ability.info()).toMatchObject({ state: 'unusable', isUsed: false, reason: expect.stringMatching(/TensorFlow/) });
      expect(computeEnvironment(state, () => true).LD_LIBRARY_PATH ?? '').not.toContain(state);
    } finally {
      remove();
    }
  });
});
