import type { AppError } from '../../../../main/contract/errors.ts';

type NetworkCode = Extract<AppError['code'], `network/${string}`>;
type ErrorOf<C extends NetworkCode> = Extract<AppError, { code: C }>;

const OPERATIONS = { echo: 'den Echo-Test', search: 'die Suche', retrieve: 'das Abrufen', send: 'das Senden' } as const;

function advice(status: string): string {
  if (status === '0xA801')
    return ' Er kennt den AE-Titel dieser Station nicht als Ziel: Sein Administrator muss AE-Titel, Adresse und Port dieses Empfängers eintragen, oder Sie rufen mit C-GET ab.';
  if (['0xA700', '0xA701', '0xA702'].includes(status)) return ' Ihm fehlen Mittel; versuchen Sie es später noch einmal oder fragen Sie seinen Administrator.';
  if (status === '0x0122' || status === '0xA900') return ' Er bietet das nicht an.';
  if (status === '404') return ' Prüfen Sie die Adresse des DICOMweb-Dienstes.';
  return ' Sein Protokoll sagt vielleicht mehr.';
}

function unreachable({ node, address, reason, detail }: ErrorOf<'network/unreachable'>): string {
  switch (reason) {
    case 'refused':
      return `Unter ${address}, wo ${node} sein sollte, hört niemand. Prüfen Sie Adresse und Port und ob der Knoten läuft.`;
    case 'timeout':
      return `Der Knoten „${node}“ unter ${address} antwortet nicht (${detail}). Prüfen Sie die Adresse, Netzkabel oder VPN und Firewalls dazwischen.`;
    case 'unknown-host':
      return `Der Rechner von ${node} (${address}) ist in diesem Netz nicht bekannt. Prüfen Sie die Schreibweise oder nehmen Sie die IP-Adresse.`;
    case 'no-route':
      return `Es gibt keinen Weg zu ${address}, wo ${node} sein sollte. Prüfen Sie die Netzverbindung oder das VPN.`;
    case 'closed':
      return `Der Knoten „${node}“ unter ${address} schloss die Verbindung (${detail}). Prüfen Sie, ob der Port zu einem DICOM-Dienst gehört und ob er TLS erwartet; sein Protokoll sagt vielleicht mehr.`;
    case 'other':
      return `Die Verbindung zu ${node} unter ${address} kam nicht zustande (${detail}).`;
  }
}

function rejected({ node, reason, callingAeTitle, calledAeTitle, detail }: ErrorOf<'network/rejected'>): string {
  switch (reason) {
    case 'calling-ae-title':
      return `Der Knoten „${node}“ kennt diese Station nicht. Bitten Sie seinen Administrator, den AE-Titel „${callingAeTitle}“ einzutragen, oder berichtigen Sie Ihren eigenen.`;
    case 'called-ae-title':
      return `Der Knoten „${node}“ heißt nicht „${calledAeTitle}“. Berichtigen Sie den AE-Titel in seinen Einstellungen.`;
    case 'busy':
      return `Der Knoten „${node}“ hat gerade keine Verbindung frei (${detail}). Versuchen Sie es in einigen Minuten noch einmal.`;
    case 'no-service':
      return `Der Knoten „${node}“ bietet diesen Dienst nicht an (${detail}). Bitten Sie seinen Administrator, ihn dem AE-Titel „${callingAeTitle}“ zu erlauben.`;
    case 'other':
      return `Der Knoten „${node}“ wies die Verbindung zurück (${detail}). Vergleichen Sie die AE-Titel mit seinem Administrator.`;
  }
}

export const networkErrors: { readonly [C in NetworkCode]: (error: ErrorOf<C>) => string } = {
  'network/off': () => 'Netzwerkfunktionen sind aus. Erlauben Sie sie zuerst in den Einstellungen unter „Dieser Rechner“.',
  'network/unknown-node': ({ node }) => `Es gibt keinen DICOM-Knoten „${node}“. Legen Sie ihn an oder wählen Sie einen aus der Liste.`,
  'network/unreachable': unreachable,
  'network/rejected': rejected,
  'network/tls': ({ node, detail }) =>
    `Keine sichere Verbindung zu ${node} (${detail}). Prüfen Sie, ob der Knoten auf diesem Port TLS erwartet, und geben Sie das Zertifikat seiner Stelle an, wenn sie keine öffentliche ist.`,
  'network/unauthorized': ({ node, status }) =>
    status === 403
      ? `Der Knoten „${node}“ kennt diesen Benutzer, erlaubt ihm das aber nicht (HTTP 403). Bitten Sie seinen Administrator um das Recht.`
      : `Der Knoten „${node}“ wies Benutzername, Kennwort oder Token ab (HTTP ${status}). Geben Sie sie in seinen Einstellungen noch einmal ein.`,
  'network/failed': ({ node, operation, status, detail }) =>
    `Der Knoten „${node}“ konnte ${OPERATIONS[operation]} nicht ausführen (Status ${status}${detail && `: ${detail}`}).${advice(status)}`,
  'network/bad-answer': ({ node, detail }) =>
    `Der Knoten „${node}“ antwortete Unverständliches (${detail}). Prüfen Sie, ob Adresse und Port zu einem DICOM-Dienst gehören.`,
  'network/incomplete': ({ node, received, expected, seriesUid }) =>
    `Der Knoten „${node}“ lieferte ${received} von ${expected} Objekten der Serie ${seriesUid}. Rufen Sie sie noch einmal ab: Nur was fehlt, wird geholt.`,
  'network/nothing-to-retrieve': ({ node, studyUid }) =>
    `Der Knoten „${node}“ hat keine Objekte der Studie ${studyUid}. Suchen Sie noch einmal; sie kann verschoben oder gelöscht sein.`,
  'network/not-sent': ({ node, path, detail }) => `${path} wurde nicht an ${node} gesendet (${detail}).`,
  'network/not-kept': ({ sopInstanceUid, callingAeTitle, detail }) => `Das Objekt ${sopInstanceUid} von ${callingAeTitle} wurde abgelehnt (${detail}).`,
  'network/port-in-use': ({ port }) =>
    `Port ${port} gehört einem anderen Programm oder verlangt mehr Rechte. Wählen Sie einen anderen für den Empfänger und nennen Sie ihn den Knoten, die hierher senden.`,
};
