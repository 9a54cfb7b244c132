/** Settings act: the name in what is saved, the network, what a compute process is given. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CaseId } from '../../main/contract/vocabulary.ts';
import { computeEnvironment } from '../../main/host/computeEnvironment.ts';
import { createForkComputeHost } from '../../main/host/forkComputeHost.ts';
import { InProcessHost } from '../../main/jobs/testing/inProcessHost.ts';
import { ServiceClient } from './serviceClient.ts';
import { ServiceRig } from './serviceRig.ts';

let folder = '';
let rig: ServiceRig;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'maskloop-settings-'));
  rig = ServiceRig.create(folder);
});
afterEach(async () => {
  await rig.dispose();
  rmSync(folder, { recursive: true, force: true });
});

describe('the user name', () => {
  const caseId = CaseId.parse('phantom_002');
  const saveMask = async (parent: number | null): Promise<string> => {
    const { grid } = await rig.call('dataset.openCase', { caseId });
    const uploadId = await rig.upload(new Uint8Array(grid.dimsIjk[0] * grid.dimsIjk[1] * grid.dimsIjk[2]).fill(1, 0, 9 + (parent ?? 0)));
    return (await rig.call('labels.save', { caseId, uploadId, parent })).author;
  };

  it('stands in the next mask, also after a new start, and the account’s name when it is taken back', async () => {
    await rig.createWithPhantoms(2, 1);
    expect(await saveMask(null)).toBe('reader');
    await rig.call('preferences.change', { userName: '  Dr. Ada Test ' });
    expect(await rig.call('app.info', {})).toMatchObject({ userName: 'Dr. Ada Test', accountName: 'reader' });
    expect(await saveMask(1)).toBe('Dr. Ada Test');
    await rig.restart();
    await rig.call('project.open', { folder: rig.projectFolder });
    expect(await saveMask(2)).toBe('Dr. Ada Test');
    await rig.call('preferences.change', { userName: null });
    expect(await saveMask(3)).toBe('reader');
  });

  it('of whoever signed in stays the one they signed in with', async () => {
    const handlers = rig.services.handlersOf({ name: 'ben', role: 'annotator' });
    await handlers['preferences.change']({ userName: 'somebody else' });
    expect(await handlers['app.info']({})).toMatchObject({ ok: true, value: { userName: 'ben' } });
    expect(await rig.call('app.info', {})).toMatchObject({ userName: 'reader' });
  });

  it.each(['', '   ', 'a\\b', 'a\nb', 'x'.repeat(65)])('is not %j', async (userName) => {
    expect(await rig.errorOf('preferences.change', { userName })).toMatchObject({ code: 'contract/bad-input' });
  });
});

describe('the network', () => {
  const station = { aeTitle: 'MASKLOOP', port: 11112, host: 'localhost', allowedAeTitles: [] };

  it('is off in a window until it is allowed', async () => {
    const host = new InProcessHost(() => Promise.reject(new Error('nothing may be started')));
    const window = new ServiceClient(host, join(folder, 'window'), 'browser');
    const off = { code: 'network/off' };
    expect((await window.call('preferences.get', {})).networkAllowed).toBe(false);
    expect(await window.errorOf('network.echo', { node: 'pacs' })).toMatchObject(off);
    expect(await window.errorOf('network.search', { node: 'pacs', query: { level: 'study' } })).toMatchObject(off);
    expect(await window.errorOf('network.send', { node: 'pacs', paths: ['/x'] })).toMatchObject(off);
    expect(await window.errorOf('network.retrieve', { node: 'pacs', studies: [{ studyUid: '1.2' }] })).toMatchObject(off);
    expect(await window.errorOf('network.startReceiver', { station })).toMatchObject(off);
    await window.call('preferences.change', { networkAllowed: true });
    expect(await window.errorOf('network.echo', { node: 'pacs' })).toMatchObject({ code: 'network/unknown-node' });
    await window.services.close();
  });

  it('is the command line’s to use: who types it has decided', async () => {
    expect(await rig.errorOf('network.echo', { node: 'pacs' })).toMatchObject({ code: 'network/unknown-node' });
  });
});

describe('threads, memory and device', () => {
  const variables = ['TF_NUM_INTRAOP_THREADS', 'TF_NUM_INTEROP_THREADS', 'OMP_NUM_THREADS', 'MASKLOOP_MEMORY_GB', 'CUDA_VISIBLE_DEVICES'];
  /** What a compute process that starts now finds. */
  const found = (state: string): Promise<unknown> => {
    const script = join(folder, 'tell.cjs');
    writeFileSync(
      script,
      `process.send({ type: 'done', summary: { env: ${JSON.stringify(variables)}.map((name) => process.env[name] ?? null) }, stopped: false }, () => process.exit(0));`,
    );
    return new Promise((resolve, reject) => {
      createForkComputeHost(script, () => computeEnvironment(state)).start({
        onMessage: (message) => (message.type === 'done' ? resolve(message.summary.env) : undefined),
        onExit: (_code, _signal, stderrTail) => reject(new Error(stderrTail)),
      });
    });
  };

  it('reach the next compute process, and only what was chosen does', async () => {
    const state = join(folder, 'window');
    const window = new ServiceClient(new InProcessHost(() => Promise.reject(new Error('unused'))), state, 'browser');
    expect(await found(state)).toEqual([null, null, null, null, null]);
    await window.call('preferences.change', { threads: 3, memoryGb: 6.5, device: 'cpu' });
    expect(await found(state)).toEqual(['3', '2', '3', '6.5', '-1']);
    await window.call('preferences.change', { threads: 1, memoryGb: null, device: 'auto' });
    expect(await found(state)).toEqual(['1', '1', '1', null, null]);
    process.env.TF_NUM_INTRAOP_THREADS = '7';
    expect(await found(state)).toEqual(['7', '1', '1', null, null]); // what was set outside the program goes before
    delete process.env.TF_NUM_INTRAOP_THREADS;
    await window.services.close();
  });

  it('take no nonsense', async () => {
    for (const changes of [{ threads: 0 }, { threads: 1.5 }, { memoryGb: 0.1 }, { device: 'tpu' }]) {
      expect(await rig.errorOf('preferences.change', changes as never)).toMatchObject({ code: 'contract/bad-input' });
    }
  });
});
