import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DicomNode } from '../contract/dicomNetwork.ts';
import { NodeBook } from './nodeBook.ts';

const pacs = DicomNode.parse({ kind: 'dimse', name: 'pacs', aeTitle: 'PACS1', host: 'pacs.lan', port: 104 });
const archive = DicomNode.parse({ kind: 'web', name: 'archive', url: 'https://archive.lan/dicom-web', authentication: 'basic', user: 'reader' });

let folder: string;
let book: NodeBook;
const file = (): string => join(folder, 'state', 'dicom-nodes.json');
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'maskloop-nodes-'));
  book = new NodeBook(join(folder, 'state'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('NodeBook', () => {
  it('is empty at first, and nothing is written', async () => {
    expect(await book.list()).toEqual({ nodes: [], station: { aeTitle: 'MASKLOOP', port: 11112, listenOn: 'localhost', allowedAeTitles: [] } });
    expect(() => statSync(file())).toThrow();
  });

  it('keeps passwords in a file of this user alone, and tells none', async () => {
    await book.save(archive, 'hush');
    await book.save(pacs, undefined);
    if (process.platform !== 'win32') expect(statSync(file()).mode & 0o777).toBe(0o600);
    const listed = await new NodeBook(join(folder, 'state')).list();
    expect(JSON.stringify(listed)).not.toContain('hush');
    expect(listed.nodes).toEqual([
      { node: archive, hasSecret: true },
      { node: pacs, hasSecret: false },
    ]);
    expect(await book.get('archive')).toMatchObject({ secret: 'hush' });
  });

  it('changes a node without its password being entered again', async () => {
    await book.save(archive, 'hush');
    await book.save({ ...archive, url: 'https://new.lan/dicom-web' } as DicomNode, undefined);
    expect(await book.get('archive')).toMatchObject({ url: 'https://new.lan/dicom-web', secret: 'hush' });
    await book.save(archive, '');
    expect(readFileSync(file(), 'utf8')).not.toContain('hush');
  });

  it('changes at once are all kept', async () => {
    await Promise.all([
      book.save(pacs, undefined),
      book.save(archive, 'x'),
      book.setStation({ aeTitle: 'MINE', port: 104, listenOn: 'network', allowedAeTitles: ['PACS1'] }),
    ]);
    const { nodes, station } = await book.list();
    expect([nodes.length, station.aeTitle]).toEqual([2, 'MINE']);
    await book.remove('pacs');
    await expect(book.get('pacs')).rejects.toMatchObject({ error: { code: 'network/unknown-node', node: 'pacs' } });
    await expect(book.remove('pacs')).rejects.toMatchObject({ error: { code: 'network/unknown-node' } });
  });

  it('does not start a damaged list anew', async () => {
    await book.save(pacs, undefined);
    for (const damage of ['{', '{"version":1}']) {
      writeFileSync(file(), damage);
      await expect(book.list()).rejects.toMatchObject({ error: { code: 'disk/corrupt' } });
      await expect(book.save(archive, 'x')).rejects.toMatchObject({ error: { code: 'disk/corrupt' } });
      expect(readFileSync(file(), 'utf8')).toBe(damage);
    }
  });
});
