/** Where the host listens and under which names it answers. Beyond this machine only with TLS and passwords. */
import { X509Certificate, createPrivateKey } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';

export const LOOPBACK = '127.0.0.1';

export interface DoorwayOptions {
  readonly address: string;
  /** Several people sign in by name and password. */
  readonly isShared: boolean;
  readonly userCount: number;
  readonly certificateFile?: string | undefined;
  readonly keyFile?: string | undefined;
  readonly nowMs?: number;
}

export interface Doorway {
  readonly address: string;
  readonly isShared: boolean;
  readonly tls: { readonly cert: string; readonly key: string } | null;
  /** Without a port. */
  readonly hostNames: readonly string[];
}

/** A wish that would leave the door open; the message says what is missing. */
export class DoorwayRefused extends Error {}

/** Rejects with `DoorwayRefused`. */
export async function openDoorway(options: DoorwayOptions): Promise<Doorway> {
  const { address, certificateFile, keyFile, userCount } = options;
  if (isIP(address) === 0) throw new DoorwayRefused(`--host takes an IP address of this machine, not '${address}'.`);
  const isLocal = isLoopback(address);
  if ((certificateFile === undefined) !== (keyFile === undefined)) throw new DoorwayRefused('--tls-cert and --tls-key belong together.');
  if (!isLocal && certificateFile === undefined)
    throw new DoorwayRefused(`On ${address} others could read patients' images on their way: give --tls-cert and --tls-key, or stay on ${LOOPBACK}.`);
  const isShared = options.isShared || !isLocal;
  if (isShared && userCount === 0) throw new DoorwayRefused('Nobody could sign in: add a user first, with maskloop user add NAME --role admin.');
  const local = isLocal ? [LOOPBACK, 'localhost', '[::1]'] : [];
  if (certificateFile === undefined || keyFile === undefined) return { address, isShared, tls: null, hostNames: local };
  const tls = { cert: await readText(certificateFile), key: await readText(keyFile) };
  return { address, isShared, tls, hostNames: [...local, ...namesOf(tls, certificateFile, options.nowMs ?? Date.now())] };
}

export const isLoopback = (address: string): boolean => address === '::1' || /^127\./.test(address);

/** The names for which the certificate stands; a browser would refuse any other. */
function namesOf({ cert, key }: { cert: string; key: string }, file: string, nowMs: number): string[] {
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(cert);
    if (!certificate.checkPrivateKey(createPrivateKey(key))) throw new DoorwayRefused(`The key does not belong to the certificate ${file}.`);
  } catch (thrown) {
    if (thrown instanceof DoorwayRefused) throw thrown;
    throw new DoorwayRefused(`${file} or its key is not a PEM file that can be read (${thrown instanceof Error ? thrown.message : String(thrown)}).`);
  }
  if (Date.parse(certificate.validTo) < nowMs) throw new DoorwayRefused(`The certificate ${file} expired on ${certificate.validTo}.`);
  const names = (certificate.subjectAltName ?? '').split(', ').flatMap((entry) => {
    const [, kind, name = ''] = /^(DNS|IP Address):(.+)$/.exec(entry) ?? [];
    return kind && !name.includes('*') ? [isIP(name) === 6 ? `[${name.toLowerCase()}]` : name.toLowerCase()] : [];
  });
  if (names.length === 0) throw new DoorwayRefused(`The certificate ${file} names no host (subjectAltName).`);
  return names;
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (thrown) {
    throw new DoorwayRefused(`${file} cannot be read (${thrown instanceof Error ? thrown.message : String(thrown)}).`);
  }
}
