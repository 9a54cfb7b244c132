/**
 * The codecs of dcmjs-codecs (IJG's JPEG of 8, 12 and 16 bits, CharLS, OpenJPEG, OpenJPH in one WebAssembly file), called
 * directly: its JavaScript half reads files itself, brings a second dcmjs and keeps one instance for ever, while ours must
 * be thrown away after a failure, because a C++ exception leaves it half-way. See docs/decisions/0006.
 */
import type { CodestreamHeader } from './codestreamHeader.ts';

/** The entry of each codec in the WebAssembly file. */
const ENTRY = { jpeg: 'DecodeJpeg', jpegLs: 'DecodeJpegLs', jpeg2000: 'DecodeJpeg2000', htj2k: 'DecodeHtJpeg2000' } as const;
export type CodecName = keyof typeof ENTRY;

export interface PixelCodecs {
  /**
   * Samples of one component, row by row, little-endian: one byte each for up to 8 bits, else two. Throws an `Error` that
   * says what is wrong with the bytes. `header` must be that of the bytes.
   */
  decode(codec: CodecName, bytes: Uint8Array, header: CodestreamHeader): Uint8Array;
}

type NativeFunction = (...values: number[]) => number;
interface Native {
  readonly memory: WebAssembly.Memory;
  readonly call: (name: string, ...values: number[]) => number;
  /** The first damage that a codec reported and read over, since this was cleared. */
  damage: string | null;
}

const MONOCHROME2 = 1;
/** Laid behind every frame: over the end of a cut stream without it, CharLS counts zero bits for half a minute. */
const END_OF_IMAGE = [0xff, 0xd9];
/** libjpeg goes on after these and fills in grey; of its other warnings no pixel suffers. */
const DAMAGE = /Corrupt JPEG data(?!: \d+ extraneous bytes)|Premature end|Inconsistent progression|corruption/i;

export function createPixelCodecs(module: WebAssembly.Module): PixelCodecs {
  let native: Native | null = null;
  return {
    decode(codec, bytes, header) {
      native ??= instantiate(module);
      try {
        return decodeWith(native, codec, bytes, header);
      } catch (thrown) {
        native = null;
        throw new Error(reasonOf(thrown), { cause: thrown });
      }
    },
  };
}

function decodeWith(native: Native, codec: CodecName, bytes: Uint8Array, header: CodestreamHeader): Uint8Array {
  const { call, memory } = native;
  native.damage = null;
  const bits = header.bitsPerSample <= 8 ? 8 : 16;
  const context = call('CreateCodecsContext');
  call('SetColumns', context, header.columns);
  call('SetRows', context, header.rows);
  // OpenJPH's wrapper cuts off the negative half of signed bytes
  call('SetBitsAllocated', context, codec === 'htj2k' ? 16 : bits);
  call('SetBitsStored', context, header.bitsPerSample);
  call('SetSamplesPerPixel', context, 1);
  call('SetPixelRepresentation', context, header.isSigned ? 1 : 0);
  call('SetPlanarConfiguration', context, 0);
  call('SetPhotometricInterpretation', context, MONOCHROME2);
  call('SetEncodedBufferSize', context, bytes.length + END_OF_IMAGE.length);
  const encodedAt = call('GetEncodedBuffer', context);
  const encoded = new Uint8Array(memory.buffer, encodedAt, bytes.length + END_OF_IMAGE.length);
  encoded.set(bytes);
  encoded.set(END_OF_IMAGE, bytes.length);
  const parameters = call('CreateDecoderParameters');
  call(ENTRY[codec], context, parameters);
  call('ReleaseDecoderParameters', parameters);
  // the memory may have grown: its buffer is another one now
  const decoded = new Uint8Array(memory.buffer, call('GetDecodedBuffer', context), call('GetDecodedBufferSize', context)).slice();
  call('ReleaseCodecsContext', context);
  if (native.damage !== null) throw new Error(native.damage);
  return codec === 'htj2k' && bits === 8 ? lowBytes(decoded) : decoded;
}

function lowBytes(samples: Uint8Array): Uint8Array {
  return Uint8Array.from({ length: samples.length / 2 }, (_, n) => samples[2 * n]!);
}

/** The entries are asked for by name, because the file exports plain C functions that take and give numbers. */
function instantiate(module: WebAssembly.Module): Native {
  const listen = (at: number, length: number): void => {
    const text = native.damage === null ? textAt(native.memory, at, length) : '';
    if (DAMAGE.test(text)) native.damage = text;
  };
  const imports = {
    env: {
      emscripten_notify_memory_growth: () => undefined,
      onCodecsTrace: () => undefined,
      onCodecsInfo: listen,
      onCodecsException: (at: number, length: number) => {
        throw new Error(textAt(native.memory, at, length));
      },
    },
    wasi_snapshot_preview1: {
      environ_get: () => 0,
      environ_sizes_get: (countAt: number, bytesAt: number) => {
        const view = new DataView(native.memory.buffer);
        view.setUint32(countAt, 0, true);
        view.setUint32(bytesAt, 0, true);
        return 0;
      },
      clock_time_get: () => 0,
      fd_close: () => 0,
      fd_seek: () => 0,
      fd_write: (_file: number, partsAt: number, partCount: number, writtenAt: number) => {
        const view = new DataView(native.memory.buffer);
        let written = 0;
        for (let part = 0; part < partCount; part++) {
          const length = view.getUint32(partsAt + 8 * part + 4, true);
          listen(view.getUint32(partsAt + 8 * part, true), length);
          written += length;
        }
        view.setUint32(writtenAt, written, true);
        return 0;
      },
      proc_exit: (code: number) => {
        throw new Error(`exit ${code}`);
      },
    },
  };
  const { exports } = new WebAssembly.Instance(module, imports);
  const native: Native = {
    memory: exports.memory as WebAssembly.Memory,
    call: (name, ...values) => (exports[name] as NativeFunction)(...values),
    damage: null,
  };
  native.call('_initialize');
  return native;
}

function textAt(memory: WebAssembly.Memory, at: number, length: number): string {
  return String.fromCharCode(...new Uint8Array(memory.buffer, at, Math.min(length, 1000))).trim();
}

/** Messages come as `JpegDecoder8::EmitMessage::what is wrong`; a C++ exception without a handler as `unreachable`. */
function reasonOf(thrown: unknown): string {
  if (thrown instanceof WebAssembly.RuntimeError) return 'the codec gave up';
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  return text.split('::').at(-1)!.trim();
}
