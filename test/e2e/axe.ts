/** What axe finds wrong with a page: contrast, labels, roles, the path of the keyboard (WCAG 2.1 A and AA). */
import axeCore from 'axe-core';
import type { Page } from 'playwright-core';

interface Axe {
  run(options: object): Promise<{ violations: { id: string; impact: string; nodes: { target: string[]; html: string; failureSummary: string }[] }[] }>;
}

/** Serious and critical ones, in words; every rule in the first theme, contrast in the others. */
export async function violationsOf(page: Page, themes: readonly string[]): Promise<string[]> {
  // not a script element: the policy of the page forbids it
  await page.evaluate(`window.axe === undefined && (() => { ${axeCore.source} })()`);
  return page.evaluate(
    async (all) => {
      const { axe } = window as unknown as { axe: Axe };
      const root = document.documentElement;
      const before = root.dataset.theme;
      const found: string[] = [];
      for (const [index, theme] of all.entries()) {
        root.dataset.theme = theme;
        const rules = index === 0 ? { type: 'tag', values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa'] } : { type: 'rule', values: ['color-contrast'] };
        const { violations } = await axe.run({ runOnly: rules, resultTypes: ['violations'] });
        for (const { id, impact, nodes } of violations) {
          if (impact !== 'serious' && impact !== 'critical') continue;
          found.push(
            ...nodes.map(
              ({ target, html, failureSummary }) =>
                `${theme} ${id}: ${target.join(' ')} ${html.slice(0, 160)} ${id === 'color-contrast' ? failureSummary.replace(/\s+/g, ' ').slice(0, 200) : ''}`,
            ),
          );
        }
      }
      if (before) root.dataset.theme = before;
      return found;
    },
    [...themes],
  );
}
