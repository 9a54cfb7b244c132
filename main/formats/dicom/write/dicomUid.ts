/** Fresh bytes that nobody else has, e.g. `crypto.randomBytes`; injected because this folder imports no node module. */
export type RandomBytes = (count: number) => Uint8Array;

/** A UID derived from a random UUID (PS3.5 B.2): `2.25.` and its 128 bits as one decimal number. */
export function newDicomUid(random: RandomBytes): string {
  const bytes = Uint8Array.from(random(16));
  // RFC 9562: version 4, variant 10
  bytes[6] = (bytes[6]! & 0x0f) | 0x40;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  return `2.25.${bytes.reduce((number, byte) => (number << 8n) | BigInt(byte), 0n)}`;
}
