import type { LabelRules, Segment } from '../contract/vocabulary.ts';

/** What is wrong with a legend and its rules, one sentence each; empty when nothing is. Pure. */
export function legendIssues(legend: readonly Segment[], { regions, ignoreLabelValue }: LabelRules): string[] {
  const values = legend.map(({ labelValue }) => labelValue);
  const doubled = values.filter((value, index) => values.indexOf(value) < index);
  const issues = doubled.map((value) => `legend: label ${value} occurs twice`);
  if (ignoreLabelValue !== null && !values.includes(ignoreLabelValue)) issues.push(`labelRules: the ignore label ${ignoreLabelValue} is not in the legend`);
  for (const { name, labelValues, paintsLabelValue } of regions ?? []) {
    for (const value of new Set([...labelValues, paintsLabelValue])) {
      if (value === ignoreLabelValue) issues.push(`labelRules: the region ${name} contains the ignore label`);
      else if (!values.includes(value)) issues.push(`labelRules: the region ${name} names label ${value}, which is not in the legend`);
    }
  }
  return issues;
}
