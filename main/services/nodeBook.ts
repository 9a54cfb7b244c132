import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { AppException } from '../contract/errors.ts';
import { DicomNode, OwnStation, SecretNode } from '../contract/dicomNetwork.ts';
import { writeFileAtomic } from '../dataset/atomicFile.ts';

const BookFile = z.object({ version: z.literal(1), station: OwnStation, nodes: z.array(SecretNode) });
type BookFile = z.infer<typeof BookFile>;

/** The DICOM nodes of this user with their passwords: a file that only this user may read, outside the projects. */
export class NodeBook {
  readonly #file: string;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(private readonly stateFolder: string) {
    this.#file = join(stateFolder, 'dicom-nodes.json');
  }

  async list(): Promise<{ nodes: { node: DicomNode; hasSecret: boolean }[]; station: OwnStation }> {
    const { nodes, station } = await this.#read();
    return { station, nodes: nodes.map((node) => ({ node: DicomNode.parse(node), hasSecret: node.kind === 'web' && Boolean(node.secret) })) };
  }

  async station(): Promise<OwnStation> {
    return (await this.#read()).station;
  }

  /** Throws AppException network/unknown-node. */
  async get(name: string): Promise<SecretNode> {
    const node = (await this.#read()).nodes.find((one) => one.name === name);
    if (!node) throw new AppException({ code: 'network/unknown-node', node: name });
    return node;
  }

  /** `secret` undefined: as it was. */
  save(node: DicomNode, secret: string | undefined): Promise<void> {
    return this.#change((book) => {
      const before = book.nodes.find(({ name }) => name === node.name);
      const kept = secret ?? (before?.kind === 'web' ? before.secret : undefined);
      const added: SecretNode = node.kind === 'web' ? { ...node, secret: kept || undefined } : node;
      return { ...book, nodes: before ? book.nodes.map((one) => (one === before ? added : one)) : [...book.nodes, added] };
    });
  }

  /** Throws AppException network/unknown-node. */
  remove(name: string): Promise<void> {
    return this.#change((book) => {
      const nodes = book.nodes.filter((one) => one.name !== name);
      if (nodes.length === book.nodes.length) throw new AppException({ code: 'network/unknown-node', node: name });
      return { ...book, nodes };
    });
  }

  setStation(station: OwnStation): Promise<void> {
    return this.#change((book) => ({ ...book, station }));
  }

  #change(change: (book: BookFile) => BookFile): Promise<void> {
    const result = this.#turn.then(async () => {
      const book = change(await this.#read());
      await mkdir(this.stateFolder, { recursive: true });
      await writeFileAtomic(this.#file, Buffer.from(JSON.stringify(book, null, 2)), 0o600);
    });
    this.#turn = result.catch(() => undefined);
    return result;
  }

  /** Throws AppException disk/corrupt: a list with passwords is not started anew behind the user's back. */
  async #read(): Promise<BookFile> {
    if (!existsSync(this.#file)) return { version: 1, station: OwnStation.parse({}), nodes: [] };
    try {
      return BookFile.parse(JSON.parse(await readFile(this.#file, 'utf8')));
    } catch (thrown) {
      if (!(thrown instanceof z.ZodError || thrown instanceof SyntaxError)) throw thrown;
      throw new AppException({ code: 'disk/corrupt', path: this.#file, detail: thrown instanceof SyntaxError ? thrown.message : 'it lists no DICOM nodes' });
    }
  }
}
