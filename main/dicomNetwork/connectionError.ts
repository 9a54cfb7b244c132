import type { AppError } from '../contract/errors.ts';
import type { SecretNode } from '../contract/dicomNetwork.ts';
import { PduViolation } from './pduWatch.ts';

const REASONS: Record<string, 'refused' | 'timeout' | 'unknown-host' | 'no-route' | 'closed'> = {
  ECONNREFUSED: 'refused',
  ETIMEDOUT: 'timeout',
  ENOTFOUND: 'unknown-host',
  EAI_AGAIN: 'unknown-host',
  EHOSTUNREACH: 'no-route',
  ENETUNREACH: 'no-route',
  ECONNRESET: 'closed',
  EPIPE: 'closed',
};
/** OpenSSL's and Node's codes of certificates and handshakes. */
const TLS_CODE = /^(ERR_TLS|ERR_SSL|EPROTO|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|INVALID_CA|HOSTNAME_MISMATCH)/;

/** What a socket's error means for the user. */
export function connectionError(node: SecretNode, thrown: NodeJS.ErrnoException): AppError {
  const { code = '', message } = thrown;
  if (thrown instanceof PduViolation) return { code: 'network/bad-answer', node: node.name, detail: message };
  if (TLS_CODE.test(code)) return { code: 'network/tls', node: node.name, detail: message };
  const address = node.kind === 'web' ? node.url : `${node.host}:${node.port}`;
  return { code: 'network/unreachable', node: node.name, address, reason: REASONS[code] ?? 'other', detail: code || message };
}
