import type { AppError } from './errors.ts';

type NetworkError = Extract<AppError, { code: `network/${string}` }>;
type Unreachable = Extract<AppError, { code: 'network/unreachable' }>;
type Rejected = Extract<AppError, { code: 'network/rejected' }>;

/** What happened with another DICOM node and what to do about it. */
export function describeNetworkError(error: NetworkError): string {
  switch (error.code) {
    case 'network/off':
      return 'Network features are off. Allow them in the settings under “This computer” first.';
    case 'network/unknown-node':
      return `There is no DICOM node called '${error.node}'. Add it first, or choose one of the list.`;
    case 'network/unreachable':
      return describeUnreachable(error);
    case 'network/rejected':
      return describeRejected(error);
    case 'network/tls':
      return `No secure connection to ${error.node} (${error.detail}). Check that the node expects TLS on this port, and give its authority's certificate file where it is not a public one.`;
    case 'network/unauthorized':
      return error.status === 403
        ? `The node '${error.node}' knows this user but does not allow this (HTTP 403). Ask its administrator for the right.`
        : `The node '${error.node}' refused the user name, password or token (HTTP ${error.status}). Enter them again in the node's settings.`;
    case 'network/failed':
      return `The node '${error.node}' could not do this ${error.operation === 'echo' ? 'echo test' : error.operation} (status ${error.status}${error.detail && `: ${error.detail}`}).${adviceFor(error.operation, error.status)}`;
    case 'network/bad-answer':
      return `The node '${error.node}' answered something that is not understood (${error.detail}). Check that address and port belong to a DICOM service.`;
    case 'network/incomplete':
      return `The node '${error.node}' delivered ${error.received} of ${error.expected} objects of series ${error.seriesUid}. Retrieve it again: only what is missing is fetched.`;
    case 'network/nothing-to-retrieve':
      return `The node '${error.node}' has no objects of study ${error.studyUid}. Search again; it may have been moved or deleted.`;
    case 'network/not-sent':
      return `${error.path} was not sent to ${error.node} (${error.detail}).`;
    case 'network/not-kept':
      return `Object ${error.sopInstanceUid} from ${error.callingAeTitle} was refused (${error.detail}).`;
    case 'network/port-in-use':
      return `Port ${error.port} is used by another program, or needs more rights. Choose another port for the receiver and tell it to the nodes that send here.`;
  }
}

function describeUnreachable({ node, address, reason, detail }: Unreachable): string {
  switch (reason) {
    case 'refused':
      return `Nothing listens at ${address}, where ${node} should be. Check address and port, and that the node is running.`;
    case 'timeout':
      return `The node '${node}' at ${address} does not answer (${detail}). Check the address, the network cable or VPN, and firewalls in between.`;
    case 'unknown-host':
      return `The computer of ${node} (${address}) is not known in this network. Check the spelling of its name, or use its IP address.`;
    case 'no-route':
      return `There is no way to ${address}, where ${node} should be. Check the network connection or VPN.`;
    case 'closed':
      return `The node '${node}' at ${address} closed the connection (${detail}). Check that the port belongs to a DICOM service and whether it expects TLS; its log may say more.`;
    case 'other':
      return `The connection to ${node} at ${address} failed (${detail}).`;
  }
}

function describeRejected({ node, reason, callingAeTitle, calledAeTitle, detail }: Rejected): string {
  switch (reason) {
    case 'calling-ae-title':
      return `The node '${node}' does not know this workstation. Ask its administrator to add the AE title '${callingAeTitle}', or correct your own AE title.`;
    case 'called-ae-title':
      return `The node '${node}' does not go by the AE title '${calledAeTitle}'. Correct the AE title in the node's settings.`;
    case 'busy':
      return `The node '${node}' has no connection free at the moment (${detail}). Try again in a few minutes.`;
    case 'no-service':
      return `The node '${node}' does not offer this service (${detail}). Ask its administrator to allow it for the AE title '${callingAeTitle}'.`;
    case 'other':
      return `The node '${node}' rejected the connection (${detail}). Compare AE titles with its administrator.`;
  }
}

/** The statuses that people meet (PS3.4 sections B.2.3, C.4.1 to C.4.3). */
function adviceFor(operation: string, status: string): string {
  if (status === '0xA801')
    return " It does not know this workstation's AE title as a destination: its administrator must add AE title, address and port of this receiver, or retrieve by C-GET.";
  if (status === '0xA700' || status === '0xA701' || status === '0xA702') return ' It is out of resources; try again later, or ask its administrator.';
  if (status === '0x0122' || status === '0xA900') return ` It does not support this ${operation}.`;
  if (status === '404') return ' Check the address of the DICOMweb service.';
  return ' Its log may say more.';
}
