/**
 * The sentences of `main/contract/describeError.ts` in German. A new code without one fails to compile. What stands in
 * brackets (`detail`) comes from the engine, a library or another program and stays in its language.
 */
import type { AppError } from '../../../../main/contract/errors.ts';
import type { ProjectHolder, ReadOnlyReason } from '../../../../main/contract/projectAccess.ts';
import { gigabytes as englishGigabytes, type MemoryOffer, type PredictMemoryOffer } from '../../../../main/contract/memory.ts';
import { LARGEST_LABEL_VALUE } from '../../../../main/contract/vocabulary.ts';
import { clusterErrors } from './clusterErrors.ts';
import { networkErrors } from './networkErrors.ts';

type Sentences = { readonly [C in AppError['code']]: (error: Extract<AppError, { code: C }>) => string };

const first = (detail: string): string => (detail.split('\n')[0] ?? '').trim().replace(/\.$/, '');
const place = (path: string): string => path || 'die Datei';
const dims = (counts: readonly number[]): string => counts.join('×');
const WHAT = {
  case: 'keinen Fall',
  revision: 'keine Revision',
  run: 'keinen Lauf',
  job: 'keinen Auftrag',
  model: 'kein Modell',
  uncertainty: 'keine Unsicherheit',
  verdict: 'kein Urteil',
  journal: 'kein Protokoll der Striche',
  mask: 'keine Maske',
} as const;

const WHY_READ_ONLY: Readonly<Record<ReadOnlyReason, string>> = {
  inUse: 'ein anderes laufendes Maskloop schreibt darin',
  otherComputer: 'ein anderer Computer hat es geöffnet und nicht geschlossen',
  notWritable: 'in seinen Ordner kann nicht geschrieben werden',
};

function inBrackets(holder: ProjectHolder | null): string {
  if (holder === null) return '';
  return ` (${holder.userName} an ${holder.hostName}, seit ${new Date(holder.sinceMs).toLocaleString('de')})`;
}

const gigabytes = (bytes: number): string => englishGigabytes(bytes).replace('.', ',');
/** `dem Batch in 3 Teilen (4,9 GB) oder Batches von 3 (4,9 GB)` */
const offered = (offers: readonly MemoryOffer[]): string =>
  offers.map(({ choices, neededBytes }) => `${choicesText(choices)} (${gigabytes(neededBytes)})`).join(' oder ');
/** `einer Schicht auf einmal (1,2 GB) oder dem ersten Modell allein` */
const offeredToPredict = (offers: readonly PredictMemoryOffer[]): string =>
  offers.map(({ choices, neededBytes }) => `${predictChoicesText(choices)}${neededBytes === undefined ? '' : ` (${gigabytes(neededBytes)})`}`).join(' oder ');
function predictChoicesText({ windowsPerCall, modelCount }: PredictMemoryOffer['choices']): string {
  const slices = windowsPerCall === undefined ? '' : windowsPerCall === 1 ? 'einer Schicht auf einmal' : `${windowsPerCall} Schichten auf einmal`;
  const models = modelCount === undefined ? '' : modelCount === 1 ? 'dem ersten Modell allein' : `den ersten ${modelCount} Modellen`;
  return [slices, models].filter(Boolean).join(' und ');
}
function choicesText({ accumulation, batchSize, patch }: MemoryOffer['choices']): string {
  if (patch) return `Ausschnitten von ${patch.join('×')}${accumulation ? ' einzeln' : ''}`;
  return batchSize ? `Batches von ${batchSize}` : `dem Batch in ${accumulation ?? 1} Teilen`;
}

function death({ exitCode, signal }: Extract<AppError, { code: 'job/process-died' }>): string {
  const cause =
    signal === 'SIGKILL' || exitCode === 137
      ? 'wurde von außen beendet, meist weil der Speicher nicht reichte'
      : `endete unerwartet (${signal ?? `Exit-Code ${exitCode ?? 'unbekannt'}`})`;
  return `Der Rechenprozess ${cause}. Gespeichertes ist nicht verloren; starten Sie den Auftrag neu, ein Training geht vom letzten Stand aus weiter.`;
}

const sentences: Sentences = {
  'contract/bad-input': ({ issues }) => `Die Anfrage wurde nicht verstanden (${issues.join('; ')}). Prüfen Sie die Werte und versuchen Sie es noch einmal.`,
  'access/denied': ({ role, leastRole }) =>
    `Ihre Rolle (${role}) erlaubt das nicht; es braucht ${leastRole} oder mehr. Fragen Sie, wer dieses Maskloop betreibt.`,
  'project/none-open': () => 'Es ist kein Projekt offen. Öffnen Sie eines oder legen Sie eines an.',
  'project/not-a-project': ({ path }) => `${path} ist kein Maskloop-Projekt. Wählen Sie einen Ordner mit einer maskloop.db oder legen Sie dort ein Projekt an.`,
  'project/already-exists': ({ path }) => `${path} enthält schon ein Projekt. Öffnen Sie es oder wählen Sie einen anderen Ordner.`,
  'project/newer-version': ({ path, version, supported }) =>
    `${path} wurde von einem neueren Maskloop geschrieben (Format ${version}, dieses kennt ${supported}). Aktualisieren Sie Maskloop, um es zu öffnen.`,
  'project/not-migrated': ({ path, version, detail }) =>
    `${path} hat ein älteres Format (${version}) und ließ sich nicht auf dieses bringen (${first(detail)}). Es ist, wie es war, und eine Kopie seiner Datenbank liegt in seinem Ordner backups. Öffnen Sie es mit dem bisherigen Maskloop und schicken Sie uns ein Support-Paket (maskloop doctor --support).`,
  'project/folder-missing': ({ path }) => `Den Ordner ${path} gibt es nicht. Prüfen Sie den Pfad oder verbinden Sie das Laufwerk.`,
  'project/in-use': ({ path, holder }) =>
    `${path} ist in einem anderen Maskloop offen${inBrackets(holder)}. Schließen Sie es dort und versuchen Sie es noch einmal.`,
  'project/held-elsewhere': ({ path, holder }) =>
    `${path} wurde an einem anderen Computer geöffnet${inBrackets(holder)} und dort nicht geschlossen. Schließen Sie es dort; ist jener Computer abgestürzt, übernehmen Sie das Projekt.`,
  'project/passphrase-needed': ({ path }) =>
    `${path} ist verschlüsselt. Geben Sie das Kennwort ein: im Fenster, wenn es fragt, in der Kommandozeile im Terminal oder in der Datei, die MASKLOOP_PASSPHRASE_FILE nennt.`,
  'project/wrong-passphrase': ({ path }) =>
    `Das ist nicht das Kennwort von ${path}. Versuchen Sie es noch einmal; auf Groß- und Kleinschreibung kommt es an. Ohne Kennwort kann niemand das Projekt lesen.`,
  'project/read-only': ({ path, reason, holder }) =>
    `Nichts wurde geändert: ${path} ist nur zum Lesen offen, denn ${WHY_READ_ONLY[reason]}${inBrackets(holder)}. Öffnen Sie es noch einmal, wenn das anders ist.`,
  'import/nothing-found': ({ paths }) =>
    `In ${paths.join(', ')} wurde kein Bild gefunden (DICOM, NIfTI, NRRD, MetaImage). Wählen Sie den Ordner mit den Bildern.`,
  'import/unreadable': ({ path, detail }) => `${path} ließ sich nicht lesen (${first(detail)}). Besorgen Sie eine frische Kopie der Datei.`,
  'import/truncated': ({ path, actualBytes, expectedBytes }) =>
    `${path} ist abgeschnitten: ${actualBytes} von ${expectedBytes} Bytes sind da. Kopieren Sie die Datei noch einmal.`,
  'import/unsupported': ({ path, detail }) =>
    `${path} ist von einer Art, die Maskloop noch nicht liest (${first(detail)}). Wandeln Sie sie zuerst in NIfTI um.`,
  'import/bad-geometry': ({ path, detail }) => `Die Geometrie von ${path} ist nicht brauchbar (${first(detail)}). Exportieren Sie die Serie noch einmal.`,
  'import/resampled': ({ path, detail }) =>
    `Die Schichten von ${path} bilden kein regelmäßiges Gitter (${first(detail)}). Sie wurden auf eines umgerechnet; sehen Sie das Bild an, bevor Sie sich auf Messungen verlassen.`,
  'import/assumed': ({ path, detail }) =>
    `${path} sagt nicht alles, deshalb wurde etwas angenommen (${first(detail)}). Prüfen Sie es, bevor Sie sich auf Messungen verlassen.`,
  'import/values': ({ path, detail }) => `Zu den Werten von ${path}: ${first(detail)}. Prüfen Sie, ob das Ihrer Erwartung entspricht.`,
  'import/orientation-assumed': ({ path, detail }) =>
    `${path} lässt offen, wie der Patient liegt: ${first(detail)}. Prüfen Sie links und rechts, bevor Sie es verwenden.`,
  'import/label-shape': ({ path, labelDims, imageDims }) =>
    `Die Maske ${path} hat ${dims(labelDims)} Voxel, ihr Bild ${dims(imageDims)}. Nehmen Sie eine Maske, die auf diesem Bild gezeichnet ist.`,
  'import/label-without-image': ({ path }) => `Neben der Maske ${path} liegt kein Bild. Legen Sie das Bild unter demselben Namen in den Ordner imagesTr.`,
  'import/label-values': ({ path, detail }) =>
    `Die Maske ${path} enthält unbrauchbare Werte (${first(detail)}). Labels müssen ganze Zahlen von 0 bis ${LARGEST_LABEL_VALUE} sein.`,
  'import/already-imported': ({ path, caseId }) => `${path} ist schon im Projekt, als Fall ${caseId}. Nichts wurde doppelt importiert.`,
  'import/doubtful': ({ path, detail }) => `${path} wurde importiert, aber sehen Sie es an: ${first(detail)}.`,
  'import/archive-refused': ({ path, detail }) =>
    `Das Archiv ${path} wurde nicht geöffnet (${first(detail)}). Entpacken Sie es mit einem Programm, dem Sie trauen, und importieren Sie den Ordner.`,
  'import/files-missing': ({ path, count, first: one }) =>
    `${path} nennt ${count === 1 ? 'eine Datei, die fehlt' : `${count} Dateien, die fehlen`}, zum Beispiel ${one}. Kopieren Sie das ganze Medium noch einmal; was da ist, wurde importiert.`,
  'import/duplicate-uid': ({ path, firstPath, count }) =>
    `${path}${count === 1 ? ' trägt' : ` und ${count - 1} weitere tragen`} die SOP Instance UID von ${firstPath}, aber anderen Inhalt. Nur Letztere wurde gelesen; finden Sie heraus, welche stimmt.`,
  'import/series-grown': ({ path, caseId, newCount }) =>
    `${path} enthält ${newCount === 1 ? 'ein Bild, das' : `${newCount} Bilder, die`} dem Fall ${caseId} ${newCount === 1 ? 'fehlt' : 'fehlen'}. Die ganze Serie wurde als eigener Fall importiert; der frühere blieb, wie er war.`,
  'import/segmentation-unmatched': ({ path, detail }) =>
    `Die Segmentierung ${path} gehört zu keinem Bild, das hier ist (${first(detail)}). Importieren Sie sie zusammen mit ihrer Bildserie oder nach ihr.`,
  'import/segments-overlap': ({ path, detail }) =>
    `Segmente von ${path} überlappen (${first(detail)}). Importieren Sie noch einmal und wählen Sie, welches Segment über den anderen liegt, oder behalten Sie die Überlappungen als eigene Labels.`,
  'import/segmentation-left-out': ({ path, detail }) =>
    `Die Segmentierung ${path} wurde nicht verwendet (${first(detail)}). Importieren Sie diese Datei allein, um sie als weitere Revision des Falls zu bekommen.`,
  'import/labels-resampled': ({ path, detail }) =>
    `Die Maske ${path} liegt auf einem anderen Gitter als ihr Bild und wurde auf dieses übertragen, Voxel für nächstes Voxel (${first(detail)}). Sehen Sie sie an, bevor Sie sie annehmen.`,
  'import/legend-conflict': ({ path, detail }) =>
    `Labels von ${path} bekamen andere Nummern, damit sie zur Legende dieses Projekts passen (${first(detail)}). Namen zählen, Nummern nicht.`,
  'labels/wrong-byte-count': ({ caseId, actualBytes, expectedBytes }) =>
    `Die Maske für ${caseId} kam unvollständig an (${actualBytes} von ${expectedBytes} Bytes) und wurde nicht gespeichert. Speichern Sie sie noch einmal.`,
  'labels/stale-parent': ({ caseId, latestRevision, parentRevision }) =>
    `Der Fall ${caseId} wurde inzwischen anderswo gespeichert (Revision ${latestRevision}, Sie bearbeiteten ${parentRevision}). Laden Sie den Fall neu und wiederholen Sie Ihre Änderungen.`,
  'labels/unknown-label': ({ caseId, labelValue }) =>
    `Die Maske für ${caseId} verwendet das Label ${labelValue}, das die Legende nicht kennt. Fügen Sie es der Legende hinzu und versuchen Sie es noch einmal.`,
  'labels/upload-missing': ({ uploadId }) => `Die übertragene Maske ${uploadId} ist nicht mehr da. Speichern Sie sie noch einmal.`,
  'labels/mask-name-taken': ({ caseId, name }) => `Der Fall ${caseId} hat schon eine Maske „${name}“. Wählen Sie einen anderen Namen.`,
  'labels/mask-in-training': ({ caseId, name }) =>
    `Von der Maske „${name}“ des Falls ${caseId} wird gelernt. Machen Sie erst eine andere Maske des Falls zur Trainingsmaske, dann löschen Sie diese.`,
  'export/no-such-mask': ({ name, known }) => `Kein Fall, der exportiert werden soll, hat eine Maske „${name}“. Es gibt: ${known.join(', ')}.`,
  'labels/shape': ({ caseId, labelDims, imageDims }) =>
    `Die Maske hat ${dims(labelDims)} Voxel, der Fall ${caseId} hat ${dims(imageDims)}. Nehmen Sie eine Maske, die auf diesem Bild gezeichnet ist.`,
  'not-found': ({ what, id, known }) =>
    `Es gibt ${WHAT[what]} „${id}“ in diesem Projekt. ${known ? `Es gibt ${known.slice(0, 10).join('; ') || 'noch nichts davon'}.` : 'Laden Sie die Liste neu und wählen Sie etwas anderes.'}`,
  'train/no-cases': ({ labelledCaseCount }) =>
    `Ein Training braucht mindestens zwei Fälle mit angenommener Maske; es ${labelledCaseCount === 1 ? 'gibt einen' : `sind ${labelledCaseCount}`}. Nehmen Sie erst mehr Masken an.`,
  'train/no-foreground': () =>
    'In keiner angenommenen Maske ist etwas gemalt, es gibt also nichts zu lernen. Malen Sie erst einige Masken und nehmen Sie sie an.',
  'train/nothing-to-replay': () =>
    'Das Modell lernte aus Fällen, die dieses Projekt nicht hat; beim Lernen der neuen wird deshalb nichts wiederholt, und es kann vergessen. Vergleichen Sie es mit seinem Vorgänger, bevor Sie es verwenden.',
  'train/configuration-not-planned': ({ configuration, planned }) =>
    `Die Konfiguration ${configuration} ist für diese Bilder nicht geplant. Wählen Sie ${planned.join(' oder ') || 'eine andere Voreinstellung'}.`,
  'train/previous-stage-missing': ({ folds, caseIds }) =>
    `Die Kaskade braucht 3d_lowres-Vorhersagen aller Fälle von Läufen, die nicht auf ihnen trainierten. Sie fehlen für ${folds.length === 0 ? 'Fälle ohne Fold' : `Fold ${folds.join(', ')}`} (Fälle: ${caseIds.length}, der erste ${caseIds[0] ?? '–'}). Trainieren Sie dort erst 3d_lowres zu Ende.`,
  'train/incompatible-parent': ({ runId, detail }) =>
    `Das Modell ${runId} lässt sich auf diesen Fällen nicht weitertrainieren (${first(detail)}). Trainieren Sie ein neues von Anfang an.`,
  'train/cannot-repeat': ({ differences }) =>
    `Das Training lässt sich nicht wiederholen: ${differences.slice(0, 10).join('; ')}${differences.length > 10 ? `; und ${differences.length - 10} weitere` : ''}. Bringen Sie zurück, was es bekam, oder trainieren Sie neu.`,
  'train/diverged': ({ step }) => `Das Training wurde bei Schritt ${step} instabil und angehalten. Beginnen Sie noch einmal mit kleinerer Lernrate.`,
  'train/out-of-memory': ({ detail, offers }) =>
    `Dem Training reichte der Speicher nicht (${first(detail)}). Was es gesichert hatte, bleibt: Setzen Sie es ${offers.length > 0 ? `fort mit ${offered(offers)}` : 'mit kleineren Batches oder Ausschnitten fort'}, oder schließen Sie andere Programme.`,
  'train/memory-short': ({ neededBytes, availableBytes, offers }) =>
    `Das Training braucht etwa ${gigabytes(neededBytes)}, frei sind ${gigabytes(availableBytes)}. ${offers.length > 0 ? `Trainieren Sie mit ${offered(offers)}` : 'Nichts Kleineres passt'}; oder schließen Sie andere Programme, oder beginnen Sie es trotzdem.`,
  'predict/memory-short': ({ path, neededBytes, availableBytes, offers }) =>
    `Die Vorhersage von ${path} braucht etwa ${gigabytes(neededBytes)}, frei sind ${gigabytes(availableBytes)}. ${offers.length > 0 ? `Sagen Sie vorher mit ${offeredToPredict(offers)}` : 'Ein Modell in 2d oder 3d_lowres braucht weniger'}; oder schließen Sie andere Programme, oder beginnen Sie sie trotzdem.`,
  'predict/out-of-memory': ({ detail, offers }) =>
    `Der Vorhersage reichte der Speicher nicht (${first(detail)}). ${offers.length > 0 ? `Sagen Sie vorher mit ${offeredToPredict(offers)}` : 'Nehmen Sie ein Modell mit kleineren Ausschnitten, etwa in 2d oder 3d_lowres'}, oder schließen Sie andere Programme.`,
  'predict/no-model': () => 'Es gibt noch kein trainiertes Modell. Trainieren Sie erst eines oder lassen Sie ein Training bis zum ersten Zwischenstand laufen.',
  'predict/unknown-segment': ({ runId, labelValue }) =>
    `Das Modell ${runId} hat das Segment mit dem Label ${labelValue} nicht gelernt. Wählen Sie ein anderes Segment, oder trainieren Sie ein Modell mit Masken, die es haben.`,
  'predict/no-previous-stage': ({ runId }) =>
    `Das Modell ${runId} verfeinert, was ein 3d_lowres-Modell vorhersagt, und keines ist trainiert. Trainieren Sie erst 3d_lowres.`,
  'predict/legend-changed': ({ runId, names }) =>
    `Das Modell ${runId} zeichnet ${names.join(', ')}; die Legende dieses Projekts hat das nicht mehr. Trainieren Sie von ihm aus weiter, damit es die neue Legende bekommt, und sagen Sie dann vorher.`,
  'predict/incompatible-models': ({ detail }) =>
    `Diese Modelle können nicht zusammen vorhersagen (${first(detail)}). Nehmen Sie eines davon oder Modelle desselben Trainings.`,
  'predict/wrong-channels': ({ path, actual, expected }) =>
    `${path} hat ${actual === 1 ? 'einen Kanal' : `${actual} Kanäle`}, das Modell wurde auf ${expected} trainiert. Wählen Sie Bilder wie die des Trainings.`,
  'evaluate/grids-differ': ({ path, truthPath, detail }) =>
    `${path} und ${truthPath} liegen auf verschiedenen Gittern (${first(detail)}). Vergleichen Sie Masken, die auf demselben Bild gezeichnet sind.`,
  'evaluate/no-prediction': ({ truthPath }) =>
    `Zu ${truthPath} gibt es keine Vorhersage. Sagen Sie auch diesen Fall vorher oder nehmen Sie seine wahre Maske aus dem Ordner.`,
  'evaluate/no-truth': ({ path }) => `Zu ${path} gibt es keine wahre Maske. Geben Sie ihr denselben Dateinamen wie der Vorhersage.`,
  'evaluate/nothing-to-compare': ({ path, truthPath }) =>
    `Keine Datei in ${path} hat eine gleichen Namens in ${truthPath}. Wählen Sie Ordner mit NIfTI-Masken gleicher Namen.`,
  'evaluate/no-validation-cases': ({ runId }) =>
    `Der Lauf ${runId} hielt keinen Fall zurück, es gibt also nichts, woran man ihn messen kann. Wählen Sie einen Lauf eines Folds.`,
  'model/unusable': ({ path, detail }) =>
    `${path} enthält kein Modell, das hier brauchbar ist (${first(detail)}). Exportieren Sie es noch einmal aus seinem Projekt oder wählen Sie eine andere Datei.`,
  'export/nothing-to-export': () => 'Noch hat kein Fall eine angenommene Maske. Nehmen Sie mindestens eine an oder exportieren Sie auch nicht angenommene.',
  'export/unsupported': ({ caseId, detail }) =>
    `Die Maske von ${caseId} lässt sich in diesem Format nicht schreiben (${first(detail)}). Wählen Sie ein anderes, etwa NIfTI.`,
  'export/nothing-painted': ({ caseId }) =>
    `In der Maske von ${caseId} ist nichts gemalt, und dieses Format kennt keine leere Maske. Malen Sie etwas oder wählen Sie NIfTI, NRRD oder MHA.`,
  'export/uncoded-segments': ({ names, suggestions }) =>
    `Kein Code sagt, was ${names.join(', ')} ${names.length === 1 ? 'ist' : 'sind'}; geschrieben wurde „Tissue“. ${suggestions.length > 0 ? `Passen könnte: ${suggestions.join('; ')}. ` : ''}Wählen Sie einen Code neben dem Segment und exportieren Sie noch einmal.`,
  'export/no-dicom-source': ({ caseId, detail }) =>
    `Die Datei für ${caseId} nennt keinen Patienten und beginnt eine eigene Studie (${first(detail)}). Geben Sie ihr den Patienten, bevor sie in ein Archiv geht.`,
  'export/name-taken': ({ path, newPath }) =>
    `${path} war schon da, und nicht so, wie ein Export es hinterließ; es blieb erhalten. Die neue Datei heißt ${newPath}.`,
  'export/model-changed': ({ runId, caseId }) =>
    `Das Modell ${runId} wurde weitertrainiert oder ist fort, seit es die Maske von ${caseId} zeichnete; der Hash seiner Gewichte fehlt deshalb.`,
  'disk/full': ({ path }) =>
    `Der Datenträger ist voll; ${place(path)} wurde nicht geschrieben, früher Gespeichertes ist unversehrt. Schaffen Sie Platz und versuchen Sie es noch einmal.`,
  'disk/busy': ({ path }) => `${place(path)} wird von einem anderen Programm benutzt. Schließen Sie es dort und versuchen Sie es noch einmal.`,
  'disk/denied': ({ path, detail }) =>
    `Der Zugriff auf ${place(path)} wurde verweigert (${first(detail)}). Prüfen Sie die Rechte des Ordners oder wählen Sie einen anderen.`,
  'disk/corrupt': ({ path, detail }) =>
    `${place(path)} ist beschädigt (${first(detail)}). Stellen Sie eine Sicherung wieder her oder importieren Sie die Studie noch einmal.`,
  'runtime/missing': ({ detail }) => `TensorFlow ist nicht installiert (${first(detail)}). Führen Sie aus: npm run setup`,
  'runtime/broken': ({ detail }) => `TensorFlow lässt sich nicht laden (${first(detail)}). Reparieren Sie es mit: npm run setup`,
  'runtime/download-failed': ({ file, detail }) =>
    `Die Datei ${file} konnte nicht heruntergeladen werden (${first(detail)}). Versuchen Sie es noch einmal, es geht dort weiter; oder bringen Sie die Dateien von einem anderen Rechner.`,
  'job/busy': ({ jobId }) => `Ein anderer Auftrag (${jobId}) läuft noch. Warten Sie, bis er endet, oder brechen Sie ihn ab.`,
  'job/process-died': death,
  internal: ({ detail }) =>
    `In Maskloop geschah etwas Unerwartetes: ${first(detail)}. Gespeichertes ist unversehrt; versuchen Sie es noch einmal und melden Sie es, wenn es wiederkommt.`,
  ...clusterErrors,
  ...networkErrors,
};

/** The table pairs each code with a sentence about errors of that code. */
export const describeErrorInGerman = (error: AppError): string => (sentences[error.code] as (error: AppError) => string)(error);
