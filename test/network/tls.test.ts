/** Encrypted DIMSE and https: a certificate of a known authority is needed, and enough. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SecretDimseNode, SecretWebNode } from '../../main/contract/dicomNetwork.ts';
import { echo } from '../../main/dicomNetwork/dimseQuery.ts';
import { webEcho } from '../../main/dicomNetwork/webQuery.ts';
import { programPath } from '../reference/program.ts';
import { hasOrthanc, Orthanc, orthancNotice } from './orthanc.ts';

const openssl = programPath('openssl');
const notice = openssl ? '' : ' (skipped: openssl is not here)';

describe.skipIf(!openssl)(`TLS${notice}`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'maskloop-tls-'));
  const at = (name: string): string => join(folder, name);
  let orthanc: Orthanc;

  beforeAll(async () => {
    const run = (...args: string[]): Buffer => execFileSync(openssl!, args, { cwd: folder, stdio: ['ignore', 'pipe', 'ignore'] });
    run('req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', 'ca.key', '-out', 'ca.pem', '-days', '2', '-subj', '/CN=Test authority');
    run('req', '-newkey', 'rsa:2048', '-nodes', '-keyout', 'server.key', '-out', 'server.csr', '-subj', '/CN=orthanc');
    writeFileSync(at('names.txt'), 'subjectAltName=IP:127.0.0.1');
    run(
      'x509',
      '-req',
      '-in',
      'server.csr',
      '-CA',
      'ca.pem',
      '-CAkey',
      'ca.key',
      '-CAcreateserial',
      '-days',
      '2',
      '-extfile',
      'names.txt',
      '-out',
      'server.pem',
    );
    if (hasOrthanc)
      orthanc = await Orthanc.start({
        modalities: { us: { aeTitle: 'MASKLOOP', port: 1104 } },
        more: {
          DicomTlsEnabled: true,
          DicomTlsCertificate: at('server.pem'),
          DicomTlsPrivateKey: at('server.key'),
          DicomTlsTrustedCertificates: at('ca.pem'),
          DicomTlsRemoteCertificateRequired: false,
        },
      });
  }, 30_000);
  afterAll(async () => {
    await orthanc?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it.skipIf(!hasOrthanc)(`DIMSE${orthancNotice}`, async () => {
    const node = (facts: Partial<SecretDimseNode>): SecretDimseNode => ({
      kind: 'dimse',
      name: 'orthanc',
      aeTitle: 'ORTHANC',
      host: '127.0.0.1',
      port: orthanc.dicomPort,
      tls: true,
      retrieveBy: 'get',
      ...facts,
    });
    expect(await echo({ aeTitle: 'MASKLOOP', node: node({ caFile: at('ca.pem') }) })).toContain('DCMTK');
    await expect(echo({ aeTitle: 'MASKLOOP', node: node({}) })).rejects.toMatchObject({ error: { code: 'network/tls' } });
    await expect(echo({ aeTitle: 'MASKLOOP', node: node({ tls: false }) })).rejects.toMatchObject({ error: { code: 'network/unreachable', reason: 'closed' } });
  });

  it('DICOMweb', async () => {
    // Not Orthanc: Debian's dies of its first https connection.
    const server = createServer({ key: readFileSync(at('server.key')), cert: readFileSync(at('server.pem')) }, (_request, response) => response.end('[]'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const node = (caFile?: string): SecretWebNode => ({
      kind: 'web',
      name: 'archive',
      url: `https://127.0.0.1:${port}/dicom-web`,
      authentication: 'none',
      caFile,
    });
    await webEcho(node(at('ca.pem')));
    await expect(webEcho(node())).rejects.toMatchObject({ error: { code: 'network/tls' } });
    server.close();
  });
});
