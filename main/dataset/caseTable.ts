import { relative, sep } from 'node:path';
import { z } from 'zod';
import { AppError } from '../contract/errors.ts';
import { ImportedCase, StoredImage } from '../contract/tasks.ts';
import { CaseId } from '../contract/vocabulary.ts';
import type { AuditTable } from './audit/auditTable.ts';
import { type Database, jsonColumn } from './database.ts';
import { resolveInside } from './insideProject.ts';
import type { ProjectFolder } from './projectFolder.ts';

const CaseRow = z.object({
  case_id: CaseId,
  image_json: jsonColumn(StoredImage),
  source_key: z.string(),
  source_path: z.string(),
  source_kind: ImportedCase.shape.sourceKind,
  modality: z.string(),
  subject: z.string(),
  warnings_json: jsonColumn(z.array(AppError)),
  imported_at_ms: z.number(),
});

/** An imported image; the paths in `image` are absolute. Never changes after the import, but for hashes that an older Maskloop did not keep. */
export interface StoredCase {
  readonly caseId: CaseId;
  readonly image: StoredImage;
  readonly sourceKey: string;
  readonly sourcePath: string;
  readonly sourceKind: ImportedCase['sourceKind'];
  readonly modality: string;
  readonly subject: string;
  readonly warnings: readonly AppError[];
  readonly importedAtMs: number;
}

export class CaseTable {
  constructor(
    private readonly database: Database,
    private readonly folder: ProjectFolder,
    private readonly audit: AuditTable,
  ) {}

  list(): StoredCase[] {
    return this.database.all(CaseRow, 'SELECT * FROM cases ORDER BY case_id').map((row) => this.#fromRow(row));
  }

  find(caseId: CaseId): StoredCase | undefined {
    const row = this.database.get(CaseRow, 'SELECT * FROM cases WHERE case_id = :caseId', { caseId });
    return row && this.#fromRow(row);
  }

  count(): number {
    return this.database.get(z.object({ n: z.number() }), 'SELECT count(*) AS n FROM cases')?.n ?? 0;
  }

  /** `actor`: who asked for the import. */
  insert(imported: ImportedCase, atMs: number, actor: string): void {
    this.database.transaction(() => {
      this.#insert(imported, atMs);
      const { caseId, sourceKey, sourceKind } = imported;
      this.audit.append({ actor, action: 'import', subject: caseId, facts: { sourceKey, sourceKind, imageSha256s: imported.image.fileSha256s } });
    });
  }

  /** Of a case that was imported before hashes were kept. Throws where it has some: what was imported never changes. */
  recordImageHashes(caseId: CaseId, fileSha256s: readonly string[], actor: string): void {
    this.database.transaction(() => {
      const row = this.database.get(CaseRow, 'SELECT * FROM cases WHERE case_id = :caseId', { caseId });
      if (!row || row.image_json.fileSha256s) throw new Error(`${caseId} takes no hashes of its image`);
      const image = JSON.stringify({ ...row.image_json, fileSha256s });
      this.database.run('UPDATE cases SET image_json = :image WHERE case_id = :caseId', { caseId, image });
      this.audit.append({ actor, action: 'repair', subject: caseId, facts: { imageSha256s: fileSha256s } });
    });
  }

  #insert(imported: ImportedCase, atMs: number): void {
    // Stored with '/' whatever the platform, relative to the project.
    const files = imported.image.files.map((file) => relative(this.folder.path, file).split(sep).join('/'));
    this.database.run(
      `INSERT INTO cases VALUES
       (:caseId, :image, :sourceKey, :sourcePath, :sourceKind, :modality, :subject, :warnings, :atMs)`,
      {
        caseId: imported.caseId,
        image: JSON.stringify({ ...imported.image, files }),
        sourceKey: imported.sourceKey,
        sourcePath: imported.sourcePath,
        sourceKind: imported.sourceKind,
        modality: imported.modality,
        subject: imported.subject,
        warnings: JSON.stringify(imported.warnings),
        atMs,
      },
    );
  }

  #fromRow(row: z.output<typeof CaseRow>): StoredCase {
    const files = row.image_json.files.map((file) => resolveInside(this.folder.path, file));
    return {
      caseId: row.case_id,
      image: { ...row.image_json, files },
      sourceKey: row.source_key,
      sourcePath: row.source_path,
      sourceKind: row.source_kind,
      modality: row.modality,
      subject: row.subject,
      warnings: row.warnings_json,
      importedAtMs: row.imported_at_ms,
    };
  }
}
