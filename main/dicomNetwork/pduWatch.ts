/**
 * Looks along at the bytes that come from a peer (PS3.8 section 9.3) and says stop before they fill the memory: the
 * library collects a PDU of any declared length, and messages without end.
 */

/** What we announce as our maximum; a P-DATA-TF above it breaks the protocol. */
export const MAX_PDU_BYTES = 128 * 1024;
/** An A-ASSOCIATE has no announced maximum; 128 contexts with many transfer syntaxes stay far below this. */
const MAX_ASSOCIATE_BYTES = 256 * 1024;
const MAX_COMMAND_BYTES = 64 * 1024;
/** Answers of a search; objects to be stored go to the disk instead. */
const MAX_IDENTIFIER_BYTES = 4 * 1024 * 1024;

const P_DATA = 4;
const PDU_HEADER_BYTES = 6;
const PDV_HEADER_BYTES = 6;

/** Thrown for a peer that would fill our memory or does not speak the protocol. */
export class PduViolation extends Error {}

export class PduWatch {
  readonly #head = Buffer.alloc(PDV_HEADER_BYTES);
  #headBytes = 0;
  #isPdata = false;
  #pduLeft = 0;
  #pdvLeft = 0;
  #isInPdv = false;
  #isCommand = false;
  #isLast = false;
  #commandBytes = 0;
  #datasetBytes = 0;
  #datasetLimitBytes = MAX_IDENTIFIER_BYTES;

  /** For the data set that comes next, or has begun to come. */
  allowDataset(limitBytes: number): void {
    this.#datasetLimitBytes = limitBytes;
  }

  /** Throws PduViolation. */
  see(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.#pduLeft === 0 && !this.#isInPdv) {
        at += this.#collectHead(chunk, at, PDU_HEADER_BYTES);
        if (this.#headBytes === PDU_HEADER_BYTES) this.#startPdu();
      } else if (this.#isPdata && !this.#isInPdv) {
        at += this.#collectHead(chunk, at, PDV_HEADER_BYTES);
        if (this.#headBytes === PDV_HEADER_BYTES) this.#startPdv();
      } else {
        const left = this.#isPdata ? this.#pdvLeft : this.#pduLeft;
        const taken = Math.min(left, chunk.length - at);
        at += taken;
        this.#take(taken);
      }
    }
  }

  #collectHead(chunk: Buffer, at: number, wanted: number): number {
    const taken = Math.min(wanted - this.#headBytes, chunk.length - at);
    chunk.copy(this.#head, this.#headBytes, at, at + taken);
    this.#headBytes += taken;
    return taken;
  }

  #startPdu(): void {
    this.#headBytes = 0;
    const type = this.#head.readUInt8(0);
    const length = this.#head.readUInt32BE(2);
    if (type < 1 || type > 7) throw new PduViolation(`no DICOM message (type ${type})`);
    this.#isPdata = type === P_DATA;
    const limit = this.#isPdata ? MAX_PDU_BYTES : MAX_ASSOCIATE_BYTES;
    if (length > limit) throw new PduViolation(`a message of ${length} bytes where ${limit} are the limit`);
    this.#pduLeft = length;
  }

  #startPdv(): void {
    this.#headBytes = 0;
    const length = this.#head.readUInt32BE(0);
    if (length < 2 || length + 4 > this.#pduLeft) throw new PduViolation('a fragment is longer than its message');
    const control = this.#head.readUInt8(5);
    this.#isCommand = (control & 1) !== 0;
    this.#isLast = (control & 2) !== 0;
    this.#pduLeft -= PDV_HEADER_BYTES;
    this.#pdvLeft = length - 2;
    this.#isInPdv = true;
    this.#take(0);
  }

  #take(byteCount: number): void {
    this.#pduLeft -= byteCount;
    if (!this.#isPdata) return;
    this.#pdvLeft -= byteCount;
    if (this.#isCommand) this.#commandBytes += byteCount;
    else this.#datasetBytes += byteCount;
    if (this.#commandBytes > MAX_COMMAND_BYTES) throw new PduViolation('a command without end');
    if (this.#datasetBytes > this.#datasetLimitBytes) throw new PduViolation(`more than ${this.#datasetLimitBytes} bytes of one object`);
    if (this.#pdvLeft > 0) return;
    this.#isInPdv = false;
    if (!this.#isLast) return;
    if (this.#isCommand) this.#commandBytes = 0;
    else {
      this.#datasetBytes = 0;
      this.#datasetLimitBytes = MAX_IDENTIFIER_BYTES;
    }
  }
}
