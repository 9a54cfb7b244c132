/** Test-only encoders: those in the WebAssembly file whose decoders the product uses. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { CodecName } from '../../main/formats/dicom/pixels/pixelCodecs.ts';

export const codecWasm = new WebAssembly.Module(readFileSync(createRequire(import.meta.url).resolve('dcmjs-codecs/build/dcmjs-native-codecs.wasm')));

export interface FrameShape {
  readonly rows: number;
  readonly columns: number;
  readonly bits: number;
  readonly isSigned?: boolean;
}

const ENTRY = { jpeg: 'EncodeJpeg', jpegLs: 'EncodeJpegLs', jpeg2000: 'EncodeJpeg2000', htj2k: 'EncodeHtJpeg2000' } as const;

/** Lossless; `pixels` of one byte for up to 8 bits, else of two. */
export function encodeFrame(codec: CodecName, pixels: Uint8Array | Int8Array | Uint16Array | Int16Array, shape: FrameShape): Uint8Array {
  const silent = () => 0;
  const { exports } = new WebAssembly.Instance(codecWasm, {
    env: {
      emscripten_notify_memory_growth: silent,
      onCodecsInfo: silent,
      onCodecsTrace: silent,
      onCodecsException: () => {
        throw new Error(`${codec} cannot encode this`);
      },
    },
    wasi_snapshot_preview1: {
      environ_get: silent,
      environ_sizes_get: silent,
      clock_time_get: silent,
      fd_close: silent,
      fd_seek: silent,
      fd_write: silent,
      proc_exit: silent,
    },
  });
  const call = (name: string, ...values: number[]) => (exports[name] as (...values: number[]) => number)(...values);
  const memory = () => (exports.memory as WebAssembly.Memory).buffer;
  call('_initialize');
  const context = call('CreateCodecsContext');
  call('SetColumns', context, shape.columns);
  call('SetRows', context, shape.rows);
  call('SetBitsAllocated', context, 8 * pixels.BYTES_PER_ELEMENT);
  call('SetBitsStored', context, shape.bits);
  call('SetSamplesPerPixel', context, 1);
  call('SetPixelRepresentation', context, shape.isSigned ? 1 : 0);
  call('SetPlanarConfiguration', context, 0);
  call('SetPhotometricInterpretation', context, 1);
  call('SetDecodedBufferSize', context, pixels.byteLength);
  new Uint8Array(memory()).set(new Uint8Array(pixels.buffer, pixels.byteOffset, pixels.byteLength), call('GetDecodedBuffer', context));
  const parameters = call('CreateEncoderParameters');
  call('SetLossy', parameters, 0);
  call('SetPredictor', parameters, 1);
  call(ENTRY[codec], context, parameters);
  return new Uint8Array(memory(), call('GetEncodedBuffer', context), call('GetEncodedBufferSize', context)).slice();
}
