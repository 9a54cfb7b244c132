import { z } from 'zod';
import { Segment } from '../contract/vocabulary.ts';
import { type Database, jsonColumn } from './database.ts';

const ProjectRow = z.object({ name: z.string(), legend_json: jsonColumn(z.array(Segment)) });

/** The one row about the project itself. */
export class ProjectTable {
  constructor(private readonly database: Database) {}

  get name(): string {
    return this.#row().name;
  }

  /** Sorted by label value. */
  get legend(): Segment[] {
    return this.#row().legend_json;
  }

  create(name: string, atMs: number): void {
    this.database.run("INSERT INTO project VALUES (1, :name, '[]', :atMs)", { name, atMs });
  }

  setLegend(legend: readonly Segment[]): void {
    const sorted = [...legend].sort((a, b) => a.labelValue - b.labelValue);
    this.database.run('UPDATE project SET legend_json = :legend', { legend: JSON.stringify(sorted) });
  }

  /** Adds segments whose label value is not known yet; a known one keeps its name and colour. */
  extendLegend(segments: readonly Segment[]): void {
    const legend = this.legend;
    const known = new Set(legend.map((segment) => segment.labelValue));
    const fresh = segments.filter((segment) => !known.has(segment.labelValue));
    if (fresh.length > 0) this.setLegend([...legend, ...fresh]);
  }

  #row(): z.output<typeof ProjectRow> {
    const row = this.database.get(ProjectRow, 'SELECT name, legend_json FROM project');
    if (!row) throw new Error('the project row is missing');
    return row;
  }
}
