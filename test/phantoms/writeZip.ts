/** Test-only zip writer, which can also write what no decent program writes. */
import { crc32, deflateRawSync } from 'node:zlib';

export interface ZipFileOptions {
  /** As it stands in the archive. */
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly isStored?: boolean;
  readonly isEncrypted?: boolean;
  /** A lie about the uncompressed size. */
  readonly declaredBytes?: number;
  /** Instead of 0 (stored) or 8 (deflated). */
  readonly method?: number;
}

export function writeZip(files: readonly ZipFileOptions[]): Buffer {
  const locals: Buffer[] = [];
  const table: Buffer[] = [];
  let offset = 0;
  for (const file of files) {
    const name = Buffer.from(file.name);
    const packed = file.isStored ? Buffer.from(file.bytes) : deflateRawSync(file.bytes);
    const facts = Buffer.alloc(26);
    facts.writeUInt16LE(20, 0);
    facts.writeUInt16LE(file.isEncrypted ? 1 : 0, 2);
    facts.writeUInt16LE(file.method ?? (file.isStored ? 0 : 8), 4);
    facts.writeUInt32LE(crc32(file.bytes), 10);
    facts.writeUInt32LE(packed.length, 14);
    facts.writeUInt32LE(file.declaredBytes ?? file.bytes.length, 18);
    facts.writeUInt16LE(name.length, 22);
    const local = Buffer.concat([Buffer.from([0x50, 0x4b, 3, 4]), facts, name, packed]);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(offset, 10);
    table.push(Buffer.concat([Buffer.from([0x50, 0x4b, 1, 2, 20, 0]), facts, rest, name]));
    locals.push(local);
    offset += local.length;
  }
  const directory = Buffer.concat(table);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(files.length, 8);
  end.writeUInt16LE(files.length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...locals, directory, end]);
}
