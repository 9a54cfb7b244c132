import { z } from 'zod';
import { GateRules } from '../contract/gate.ts';
import { LabelRules, MsdTask, NO_LABEL_RULES, Segment } from '../contract/vocabulary.ts';
import { type Database, jsonColumn } from './database.ts';
import { joinRegions } from './projectLegend.ts';

const ProjectRow = z.object({
  name: z.string(),
  legend_json: jsonColumn(z.array(Segment)),
  label_rules_json: jsonColumn(LabelRules),
  msd_task: MsdTask.nullable(),
  gate_rules_json: jsonColumn(GateRules),
});

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

  get labelRules(): LabelRules {
    return this.#row().label_rules_json;
  }

  get msdTask(): MsdTask | null {
    return this.#row().msd_task;
  }

  /** What was never set has its default. */
  get gateRules(): GateRules {
    return this.#row().gate_rules_json;
  }

  setGateRules(rules: GateRules): void {
    this.database.run('UPDATE project SET gate_rules_json = :rules', { rules: JSON.stringify(rules) });
  }

  create(name: string, atMs: number): void {
    this.database.run(
      `INSERT INTO project (id, name, legend_json, created_at_ms, label_rules_json, msd_task)
       VALUES (1, :name, '[]', :atMs, :labelRules, NULL)`,
      { name, atMs, labelRules: JSON.stringify(NO_LABEL_RULES) },
    );
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

  setLabelRules(labelRules: LabelRules): void {
    this.database.run('UPDATE project SET label_rules_json = :labelRules', { labelRules: JSON.stringify(labelRules) });
  }

  /** Regions of further imports join those that are there; the first ignore label and task decide. */
  adopt({ labelRules, msdTask }: { readonly labelRules?: LabelRules; readonly msdTask?: MsdTask }): void {
    const known = this.labelRules;
    if (labelRules) {
      const regions = labelRules.regions === null ? known.regions : joinRegions(known.regions ?? [], labelRules.regions);
      this.setLabelRules({ regions, ignoreLabelValue: known.ignoreLabelValue ?? labelRules.ignoreLabelValue });
    }
    if (msdTask && this.msdTask === null) this.database.run('UPDATE project SET msd_task = :msdTask', { msdTask });
  }

  #row(): z.output<typeof ProjectRow> {
    const row = this.database.get(ProjectRow, 'SELECT name, legend_json, label_rules_json, msd_task, gate_rules_json FROM project');
    if (!row) throw new Error('the project row is missing');
    return row;
  }
}
