import { describe, expect, it } from 'vitest';
import { MAX_PDU_BYTES, PduViolation, PduWatch } from './pduWatch.ts';

const pdu = (type: number, body: Buffer, length = body.length): Buffer => {
  const head = Buffer.from([type, 0, 0, 0, 0, 0]);
  head.writeUInt32BE(length, 2);
  return Buffer.concat([head, body]);
};
const pdv = (value: Buffer, { isCommand = false, isLast = false, length = value.length + 2 } = {}): Buffer => {
  const head = Buffer.from([0, 0, 0, 0, 1, (isCommand ? 1 : 0) + (isLast ? 2 : 0)]);
  head.writeUInt32BE(length, 0);
  return Buffer.concat([head, value]);
};
const data = (byteCount: number, isLast = false): Buffer => pdu(4, pdv(Buffer.alloc(byteCount), { isLast }));
const see = (watch: PduWatch, bytes: Buffer, pieceBytes: number): void => {
  for (let at = 0; at < bytes.length; at += pieceBytes) watch.see(bytes.subarray(at, at + pieceBytes));
};

describe('PduWatch', () => {
  it.each([1, 5, 7, 100, 1_000_000])('lets a whole conversation pass in pieces of %i bytes', (pieceBytes) => {
    const talk = [
      pdu(1, Buffer.alloc(300)),
      pdu(4, Buffer.concat([pdv(Buffer.alloc(90), { isCommand: true, isLast: true }), pdv(Buffer.alloc(70))])),
      data(0),
      data(500, true),
      pdu(5, Buffer.alloc(4)),
      pdu(7, Buffer.alloc(4)),
    ];
    expect(() => see(new PduWatch(), Buffer.concat(talk), pieceBytes)).not.toThrow();
  });

  it.each([
    ['a message of 4 GB', pdu(4, Buffer.alloc(0), 0xffffffff)],
    ['a message above what we announced', pdu(4, Buffer.alloc(0), MAX_PDU_BYTES + 1)],
    ['an endless association request', pdu(1, Buffer.alloc(0), 1_000_000)],
    ['HTTP', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
    ['TLS', Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x01])],
    ['a fragment longer than its message', pdu(4, pdv(Buffer.alloc(10), { length: 4000 }))],
    ['a fragment without a header', pdu(4, pdv(Buffer.alloc(10), { length: 1 }))],
    ['a command without end', Buffer.concat(Array.from({ length: 3 }, () => pdu(4, pdv(Buffer.alloc(30_000), { isCommand: true }))))],
    ['an identifier without end', Buffer.concat(Array.from({ length: 50 }, () => data(100_000)))],
  ])('stops %s', (_what, bytes) => {
    for (const pieceBytes of [1000, bytes.length]) expect(() => see(new PduWatch(), bytes, pieceBytes)).toThrow(PduViolation);
  });

  it('lets an object be large that is written to the disk, and only that one', () => {
    const watch = new PduWatch();
    watch.allowDataset(10_000_000);
    for (let n = 0; n < 90; n++) watch.see(data(100_000, n === 89));
    expect(() => {
      for (let n = 0; n < 90; n++) watch.see(data(100_000));
    }).toThrow(PduViolation);
  });
});
