/**
 * What a page that an attacker runs in could try, in the real Electron. The attempts are made from the page's own world, after a
 * turn of the event loop: inside `evaluate` itself the debugger switches the policy against eval off.
 */
import { renameSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasElectron } from '../e2e/electronProgram.ts';
import { callFromPage, startAttackedApp, type AttackedApp } from './electronApp.ts';

type Attempt = readonly [what: string, code: string];

/** Runs `code` (the body of an async function, given OUT as host:port) as the page would, and says what came of it. */
async function attempt({ page, outside }: AttackedApp, code: string): Promise<string> {
  return page.evaluate(
    ([body, out]) =>
      new Promise<string>((settle) => {
        // made while the debugger still allows it; run when it no longer does
        const run = new Function('OUT', `return (async () => { ${body} })()`) as (out: string) => Promise<unknown>;
        setTimeout(() => {
          run(out!).then(
            (value) => settle(`did: ${String(value)}`),
            (thrown: Error) => settle(`refused: ${thrown.name}`),
          );
        }, 0);
        setTimeout(() => settle('refused: nothing came'), 3000);
      }),
    [code, `127.0.0.1:${outside.port}`],
  );
}

describe.skipIf(!hasElectron)('a page in the real Electron (needs npm run setup -- --test and a display)', () => {
  let attacked: AttackedApp;
  beforeAll(async () => {
    attacked = await startAttackedApp();
  }, 120_000);
  afterAll(() => attacked?.stop());

  const code: Attempt[] = [
    ['eval', `return eval('1+1')`],
    ['new Function', `return new Function('return 1')()`],
    [
      'a string for setTimeout',
      `window.planted = 0; setTimeout('window.planted = 1', 0); await new Promise(r => setTimeout(r, 200)); if (!window.planted) throw new Error(); return 1`,
    ],
    [
      'an inline script',
      `window.planted = 0; const s = document.createElement('script'); s.textContent = 'window.planted = 1'; document.body.append(s); if (!window.planted) throw new Error(); return 1`,
    ],
    [
      'an inline event handler',
      `window.planted = 0; const d = document.createElement('div'); d.innerHTML = '<img src="data:," onerror="window.planted = 1">'; document.body.append(d); await new Promise(r => setTimeout(r, 300)); d.remove(); if (!window.planted) throw new Error(); return 1`,
    ],
    ['a script from data:', `return (await import('data:text/javascript,export default 1')).default`],
    ['a script from blob:', `return (await import(URL.createObjectURL(new Blob(['export default 1'], { type: 'text/javascript' })))).default`],
    [
      'a worker from blob:',
      `const w = new Worker(URL.createObjectURL(new Blob(['postMessage(1)']))); return await new Promise((yes, no) => { w.onmessage = yes; w.onerror = () => no(new Error()) })`,
    ],
    ['WebAssembly', `return (await WebAssembly.compile(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]))) && 'compiled'`],
    [
      'a script from outside',
      `await new Promise((yes, no) => { const s = document.createElement('script'); s.src = 'http://' + OUT + '/x.js'; s.onload = yes; s.onerror = () => no(new Error()); document.head.append(s) })`,
    ],
    ['a service worker', `await navigator.serviceWorker.register('/assets/sw.js'); return 1`],
  ];
  it.each(code)('runs no code that is not in the bundle: %s', async (_what, body) => {
    expect(await attempt(attacked, body)).toMatch(/^refused/);
  });

  const network: Attempt[] = [
    ['fetch', `return (await fetch('http://' + OUT + '/')).status`],
    ['fetch without cors', `return (await fetch('http://' + OUT + '/', { mode: 'no-cors' })).type`],
    [
      'an image',
      `await new Promise((yes, no) => { const i = new Image(); i.onload = yes; i.onerror = () => no(new Error()); i.src = 'http://' + OUT + '/x.png' })`,
    ],
    [
      'a style sheet',
      `await new Promise((yes, no) => { const l = document.createElement('link'); l.rel = 'stylesheet'; l.href = 'http://' + OUT + '/x.css'; l.onload = yes; l.onerror = () => no(new Error()); document.head.append(l) })`,
    ],
    [
      'a prefetch',
      `const l = document.createElement('link'); l.rel = 'prefetch'; l.href = 'http://' + OUT + '/p'; document.head.append(l); await new Promise(r => setTimeout(r, 300)); throw new Error()`,
    ],
    ['a beacon', `navigator.sendBeacon('http://' + OUT + '/b', 'x'); await new Promise(r => setTimeout(r, 300)); throw new Error()`],
    ['a web socket', `await new Promise((yes, no) => { const w = new WebSocket('ws://' + OUT + '/'); w.onopen = yes; w.onerror = () => no(new Error()) })`],
    [
      'an event source',
      `await new Promise((yes, no) => { const e = new EventSource('http://' + OUT + '/'); e.onopen = yes; e.onerror = () => { e.close(); no(new Error()) } })`,
    ],
    [
      'WebRTC over UDP and TCP',
      `const c = new RTCPeerConnection({ iceServers: [{ urls: 'stun:' + OUT }, { urls: 'turn:' + OUT + '?transport=tcp', username: 'u', credential: 'c' }] }); c.createDataChannel('x'); await c.setLocalDescription(await c.createOffer()); await new Promise(r => setTimeout(r, 1500)); c.close(); throw new Error()`,
    ],
    [
      'a form',
      `const f = document.createElement('form'); f.action = 'http://' + OUT + '/f'; f.method = 'post'; document.body.append(f); f.submit(); await new Promise(r => setTimeout(r, 300)); throw new Error()`,
    ],
    [
      'a frame',
      `const f = document.createElement('iframe'); f.src = 'http://' + OUT + '/i'; document.body.append(f); await new Promise(r => setTimeout(r, 300)); f.remove(); throw new Error()`,
    ],
    ['a file of this machine', `return (await fetch('file:///etc/hostname')).status`],
    ['a page of the browser', `return (await fetch('chrome://version')).status`],
  ];
  it.each(network)('reaches nothing outside: %s', async (_what, body) => {
    expect(await attempt(attacked, body)).toMatch(/^refused/);
    expect(attacked.outside.contacts).toEqual([]);
  });

  const places: Attempt[] = [
    ['a web page', `location.href = 'http://' + OUT + '/'`],
    ['a file', `location.href = 'file:///etc/passwd'`],
    ['a data: page', `location.href = 'data:text/html,<h1>here</h1>'`],
    [
      'a script as an address',
      `window.planted = 0; location.href = 'javascript:window.planted=1'; await new Promise(r => setTimeout(r, 200)); if (window.planted) return 1`,
    ],
    ['another host of our scheme', `location.href = 'app://elsewhere/'`],
    ['a refresh', `const m = document.createElement('meta'); m.httpEquiv = 'refresh'; m.content = '0;url=http://' + OUT + '/'; document.head.append(m)`],
    ['a new window', `if (window.open('http://' + OUT + '/') !== null) return 1`],
    ['a new window of our own', `if (window.open('app://maskloop/') !== null) return 1`],
    [
      'a link into a new window',
      `const a = document.createElement('a'); a.href = 'http://' + OUT + '/'; a.target = '_blank'; document.body.append(a); a.click()`,
    ],
    ['a webview', `const w = document.createElement('webview'); w.src = 'http://' + OUT + '/'; document.body.append(w); w.remove()`],
  ];
  it.each(places)('goes nowhere else: %s', async (_what, body) => {
    expect(await attempt(attacked, `${body}; await new Promise(r => setTimeout(r, 300)); throw new Error()`)).toMatch(/^refused/);
    expect(attacked.page.url()).toMatch(/^app:\/\/maskloop\//);
    expect(attacked.app.windows()).toHaveLength(1);
    expect(attacked.outside.contacts).toEqual([]);
  });

  const abilities: Attempt[] = [
    ['camera and microphone', `await navigator.mediaDevices.getUserMedia({ audio: true, video: true })`],
    ['the screen', `await navigator.mediaDevices.getDisplayMedia({ video: true })`],
    ['the place', `await new Promise((yes, no) => navigator.geolocation.getCurrentPosition(yes, () => no(new Error())))`],
    ['notifications', `if ((await Notification.requestPermission()) !== 'granted') throw new Error()`],
    ['reading the clipboard', `await navigator.clipboard.readText()`],
    ['MIDI devices', `await navigator.requestMIDIAccess({ sysex: true })`],
    ['USB devices', `await navigator.usb.requestDevice({ filters: [] })`],
    ['HID devices', `if ((await navigator.hid.requestDevice({ filters: [] })).length === 0) throw new Error()`],
    ['serial ports', `await navigator.serial.requestPort()`],
    ['Bluetooth', `await navigator.bluetooth.requestDevice({ acceptAllDevices: true })`],
    ['files of the user', `await showOpenFilePicker()`],
    ['fonts of the user', `if ((await queryLocalFonts()).length === 0) throw new Error()`],
  ];
  it.each(abilities)('is given no permission: %s', async (_what, body) => {
    expect(await attempt(attacked, body)).toMatch(/^refused/);
  });

  it.each(['geolocation', 'notifications', 'camera', 'microphone', 'midi', 'clipboard-read', 'background-sync', 'persistent-storage', 'accelerometer'])(
    'is told that it has no permission: %s',
    async (name) => {
      expect(await attempt(attacked, `return (await navigator.permissions.query({ name: '${name}' })).state`)).toMatch(/^(did: denied|refused)/);
    },
  );

  it.each([
    '/..%2f..%2fpackage.json',
    '/%2e%2e/%2e%2e/package.json',
    '/assets/..%5c..%5cpackage.json',
    '/%252e%252e/package.json',
    '/%00',
    '/%E0%A4%A',
    '//etc/passwd',
    '/volume/..%2f..%2fmaskloop.db/0',
    '/labels/%2e%2e/1',
    '/volume/nobody/0',
    '/maskloop.db',
    'app://elsewhere/',
    'app://maskloop.evil/',
  ])('app:// serves nothing at %s', async (address) => {
    const answer = await attempt(attacked, `const r = await fetch('${address}'); return r.status + ' ' + (await r.text()).includes('maskloop"')`);
    expect(answer).toMatch(/^(did: 4\d\d false|refused)/);
  });

  it.each(['PUT', 'DELETE', 'PATCH', 'OPTIONS', 'POST'])('app:// takes no %s but uploads', async (method) => {
    expect(await attempt(attacked, `return (await fetch('/index.html', { method: '${method}' })).status`)).toMatch(/^did: 40[45]/);
  });

  it('app:// follows no symbolic link out of the project', async () => {
    const file = join(attacked.projectFolder, 'cases/phantom_001');
    const served = `const r = await fetch('/volume/phantom_001/0'); return r.status + ' ' + (await r.arrayBuffer()).byteLength`;
    expect(await attempt(attacked, served)).toMatch(/^did: 200 \d+/);
    renameSync(file, join(attacked.projectFolder, '../outside-the-project'));
    symlinkSync('../../outside-the-project', file);
    try {
      expect(await attempt(attacked, served)).toMatch(/^did: 500 /);
    } finally {
      rmSync(file);
      renameSync(join(attacked.projectFolder, '../outside-the-project'), file);
    }
    expect(await attempt(attacked, served)).toMatch(/^did: 200 \d+/);
  });

  it('has no Node, and its bridge is three functions and an id that it cannot replace', async () => {
    expect(
      await attempt(attacked, `return ['require', 'process', 'module', 'Buffer', 'global', '__dirname'].filter((name) => name in globalThis).join()`),
    ).toBe('did: ');
    expect(await attempt(attacked, `return Object.keys(maskloop).join()`)).toBe('did: windowId,call,onEvent,droppedPath');
    expect(await attempt(attacked, `'use strict'; maskloop.call = () => 'mine'; return maskloop.call`)).toMatch(/^refused/);
  });

  it('has every preference of the checklist', async () => {
    const preferences = await attacked.app.evaluate(({ BrowserWindow }) => {
      const { webContents } = BrowserWindow.getAllWindows()[0]!;
      return (webContents as unknown as { getLastWebPreferences(): Record<string, unknown> }).getLastWebPreferences();
    });
    expect(preferences).toMatchObject({
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      nodeIntegrationInSubFrames: false,
      webSecurity: true,
      allowRunningInsecureContent: false,
      experimentalFeatures: false,
      webviewTag: false,
    });
  });

  it.each([
    ['a call that is not in the contract', 'project.destroy', {}],
    ['a name of Object.prototype', 'constructor', {}],
    ['another name of Object.prototype', '__proto__', {}],
    ['a name that is no string', { toString: 1 }, {}],
    ['an input of another type', 'project.open', { folder: { $gt: '' } }],
    ['an input without what is needed', 'labels.save', { caseId: 'phantom_001' }],
    ['a case id that is a path', 'dataset.openCase', { caseId: '../../etc' }],
    ['an upload id that is a path', 'labels.save', { caseId: 'phantom_001', uploadId: '../maskloop.db', parent: 1 }],
    ['a run id that is a path', 'models.delete', { runId: '../cases' }],
  ])('a call is checked: %s', async (_what, name, input) => {
    expect(await callFromPage(attacked.page, name, input)).toMatchObject({ ok: false, error: { code: 'contract/bad-input' } });
  });

  it('a page that is not ours is not answered, though it has the bridge', async () => {
    const preload = join(import.meta.dirname, '../../dist/electron/preload.cjs');
    const heard = await attacked.app.evaluate(async ({ BrowserWindow }, script) => {
      const stranger = new BrowserWindow({ show: false, webPreferences: { preload: script, sandbox: true } });
      await stranger.loadURL('data:text/html,<p>hello');
      const answer = (await stranger.webContents.executeJavaScript(
        `maskloop.call('project.current', {}).then((a) => JSON.stringify(a), (e) => e.message)`,
      )) as string;
      stranger.destroy();
      return answer;
    }, preload);
    expect(heard).toContain('untrusted sender');
  });

  it('saves no file but one that the page made and the user places', async () => {
    expect(await attacked.app.evaluate(({ session }) => session.defaultSession.listenerCount('will-download'))).toBe(1);
    expect(
      await attempt(
        attacked,
        `const a = document.createElement('a'); a.href = '/volume/phantom_001/0'; a.download = 'x'; document.body.append(a); a.click(); await new Promise(r => setTimeout(r, 500)); throw new Error()`,
      ),
    ).toMatch(/^refused/);
  });

  it('and works as before', async () => {
    expect(await callFromPage(attacked.page, 'project.current', {})).toMatchObject({ ok: true });
    expect(attacked.outside.contacts).toEqual([]);
  });
});
